# Other releases: README.md's commands in a new root of one (tests/release/in-root.sh).

RELEASE ?= trixie
# Who types the last part of a command: root, or an ordinary user of this name. (To make itself, AS is the assembler.)
ifeq ($(origin AS),default)
AS = root
endif
README_TARGETS = demo check
# A sources.list of another distribution: SOURCES=noble.list RELEASE=noble.
export SOURCES
# Of ARCH, what the caller says counts, and not what tests/cross.mk does.
OWN_ARCH = $(shell dpkg --print-architecture)
RELEASE_ARCH = $(if $(filter file,$(origin ARCH)),$(OWN_ARCH),$(ARCH))
MACHINE_PACKAGES = arch-test $(if $(filter arm64,$(RELEASE_ARCH)),qemu-system-arm qemu-user-static e2fsprogs)
RELEASE_PACKAGES = mmdebstrap $(if $(filter-out 0,$(shell id -u)),uidmap) \
	$(if $(filter-out $(OWN_ARCH),$(RELEASE_ARCH)),$(MACHINE_PACKAGES))

.PHONY: check-release deps-release

check-release: ## README.md's two commands in a new root of Debian: RELEASE=trixie AS=root, also ARCH=arm64 (for hours)
	@tests/release/in-root.sh $(RELEASE) $(RELEASE_ARCH) $(AS) $(README_TARGETS)

deps-release: ## what is missing for check-release
	$(call install_packages,$(RELEASE_PACKAGES))
