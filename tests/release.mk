# Other releases: README.md's commands in a new root of one (tests/release/in-root.sh).

RELEASE ?= trixie
# Who types the last part of a command: root, or an ordinary user of this name. (To make itself, AS is the assembler.)
ifeq ($(origin AS),default)
AS = root
endif
README_TARGETS = demo check
RELEASE_PACKAGES = mmdebstrap $(if $(filter-out 0,$(shell id -u)),uidmap)

.PHONY: check-release deps-release

check-release: ## README.md's two commands in a new root of Debian: RELEASE=trixie AS=root
	@tests/release/in-root.sh $(RELEASE) $(AS) $(README_TARGETS)

deps-release: ## what is missing for check-release
	$(call install_packages,$(RELEASE_PACKAGES))
