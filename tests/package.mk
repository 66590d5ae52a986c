# The release's tarball, and packages of Debian. tests/package has the scripts, their tests, and what is debian/ in
# the tree that the packages are built in.

DIST = $(BUILD)/chat-tools-$(VERSION).tar.gz
DEB = $(BUILD)/deb

DEB_PACKAGES = build-essential debhelper dpkg-dev libcjson-dev libcurl4-openssl-dev libidn2-dev libmagic-dev \
	libseccomp-dev libssl-dev liburing-dev libuv1-dev libnats-dev libwslay-dev uthash-dev jq openssl procps

.PHONY: dist deb deps-deb

dist: ## the release's tarball, of what is committed
	@tests/package/dist.sh $(VERSION) '$(DIST)' && echo '$(DIST)'

deb: dist ## packages of Debian, of what is committed
	@tests/package/build.sh '$(DIST)' $(VERSION) '$(DEB)'

deps-deb: ## install only what is missing for deb
	$(call install_packages,$(DEB_PACKAGES))

# ---- tests of the packages ----

DEB_RELEASE := $(shell . /etc/os-release && echo "$$VERSION_CODENAME")
OTHER_RELEASE = $(firstword $(filter-out $(DEB_RELEASE),trixie bookworm))
CHECK_DEB_PACKAGES = lintian blhc faketime diffoscope-minimal autopkgtest mmdebstrap qemu-user-static

# $(call deb_tests,RELEASE,DIR,TESTS)
deb_tests = RELEASE=$(1) PACKAGES='$(abspath $(2))' CHAT_BUILD=$(BUILD) tests/run.pl 2 1800 $(3:%=tests/package/%.sh)

CONTAINER_PACKAGES = podman runc

.PHONY: check-deb deps-check-deb deps-container

check-deb: deb ## lintian, install, upgrade and purge, autopkgtest; with CHAT_TEST_FULL=1 also Debian 13, arm64, a container
	$(call deb_tests,$(DEB_RELEASE),$(DEB),lintian reproducible install autopkgtest)
ifneq ($(CHAT_TEST_FULL),)
	$(call deb_tests,$(OTHER_RELEASE),$(DEB),release)
	$(call deb_tests,$(OTHER_RELEASE),$(DEB)-$(OTHER_RELEASE),install autopkgtest)
	$(call deb_tests,$(DEB_RELEASE),$(DEB),cross container)
	$(call deb_tests,$(OTHER_RELEASE),$(DEB),cross)
endif

deps-check-deb: ## what is missing for check-deb
	$(call install_packages,$(DEB_PACKAGES) $(CHECK_DEB_PACKAGES))

deps-container: ## the builder of the Containerfile that chat-serve(1) prints
	$(call install_packages,$(CONTAINER_PACKAGES))
