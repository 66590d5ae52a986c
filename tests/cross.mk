# Other machines: the programs are built with Debian's cross compilers, against a tree of that machine's packages
# (of two machines, libwslay-dev cannot be installed at once), and run under qemu-user. arm64 is what people have; on
# i386 sizes have 32 bits, and on s390x the highest byte of a number is the first.

ARCH ?= arm64 i386 s390x

# Of each machine: its name for the compiler, and for qemu.
GNU_arm64 = aarch64-linux-gnu
QEMU_arm64 = aarch64
CPU_arm64 = -cpu max,pauth-impdef=on # signs return addresses in a tenth of the time
GNU_armhf = arm-linux-gnueabihf
QEMU_armhf = arm
GNU_i386 = i686-linux-gnu
MULTIARCH_i386 = i386-linux-gnu
QEMU_i386 = i386
GNU_s390x = s390x-linux-gnu
QEMU_s390x = s390x

CROSS_PACKAGES = mmdebstrap qemu-user-static musl-tools $(foreach arch,$(ARCH),gcc-$(GNU_$(arch)))
# What its tree holds: of the packages for building, the libraries; and the locale C.UTF-8.
CROSS_LIBRARIES = libc-bin $(filter lib%-dev uthash-dev,$(BUILD_PACKAGES))

.PHONY: deps-cross check-cross check-static check-builds deps-builds cross-sysroot cross-run

CROSS = build/cross/$(1)
CROSS_BUILD = BUILD=$(CROSS) CC="$(GNU_$(1))-gcc --sysroot=$(CROSS)/sysroot" AR=$(GNU_$(1))-ar ARCH=$(1)

check-cross: ## build for other machines and run there what qemu can: ARCH="arm64 i386 s390x", also armhf
	$(foreach arch,$(ARCH),$(MAKE) all unit $(call CROSS_BUILD,$(arch)) && \
		$(MAKE) cross-run $(call CROSS_BUILD,$(arch)) &&) true

deps-cross: ## install compilers and emulators for check-cross, and unpack the libraries of each machine
	$(call install_packages,$(CROSS_PACKAGES))
	$(foreach arch,$(ARCH),$(MAKE) cross-sysroot $(call CROSS_BUILD,$(arch)) &&) true

# The packages come from the mirror that this machine's own come from.
cross-sysroot:
	[ -e $(BUILD)/sysroot ] || { \
		. /etc/os-release && \
		mirror=$$(apt-get indextargets --format '$$(SITE)' 'Created-By: Packages' "Codename: $$VERSION_CODENAME" \
			'Component: main' | head -n 1) && \
		rm -rf $(BUILD)/unpacked && mkdir -p $(BUILD) && \
		mmdebstrap --variant=extract --architectures=$(ARCH) --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
			--include='$(CROSS_LIBRARIES)' $$VERSION_CODENAME $(BUILD)/unpacked \
			"deb $$mirror $$VERSION_CODENAME main" && \
		mv $(BUILD)/unpacked $(BUILD)/sysroot; \
	}

# A processor that knows the machine's programs runs them itself; qemu has neither seccomp nor Landlock, which are
# tested then.
LOADER_i386 = $(wildcard $(BUILD)/sysroot/lib/ld-linux.so.2)
NATIVE = $(if $(LOADER_$(ARCH)),$(if $(shell $(LOADER_$(ARCH)) --version 2>/dev/null),true))
SYSROOT = $(abspath $(BUILD))/sysroot
EMULATE = qemu-$(QEMU_$(ARCH))-static $(CPU_$(ARCH)) -L "$(SYSROOT)" -0 "$$0"
LOAD = "$(SYSROOT)/lib/ld-linux.so.2" --library-path "$(SYSROOT)/lib/$(MULTIARCH_$(ARCH))" --argv0 "$$0"

CROSS_E2E = $(addprefix tests/e2e/,$(addsuffix .sh,validate validate-corpus serve-corpus serve-protocol serve-journal \
	commands-sizes $(if $(NATIVE),commands-sandbox serve-sandbox serve-journal-crash serve-tls send listen pipelines)))
cross-run:
	$(call wrap,$(BUILD)/run,$(if $(NATIVE),$(LOAD),$(EMULATE)),$(if $(NATIVE),,--no-sandbox))
	CHAT_TEST_EMULATED=1 CHAT_TEST_SLOWNESS=10 $(MAKE) check-built BUILD=$(BUILD)/run TESTS='$(CROSS_E2E) \
		$(UNIT:$(BUILD)/%=$(BUILD)/run/%)'

check-static: all static ## chat-validate with musl on the corpora
	$(MAKE) check-built TESTS=tests/cross/static.sh
	$(MAKE) check-built BUILD=$(STATIC) TESTS='tests/e2e/validate.sh tests/e2e/validate-corpus.sh'

# ---- other builds ----

# A user's directory, compiler and flags: each of these builds, clang without a warning, and passes the unit tests and some
# others. The copy is of the files that git has.
BUILDS_E2E = $(addprefix tests/e2e/,validate.sh send.sh listen.sh serve-protocol.sh serve-journal.sh install.sh)
BUILDS_UNIT = $(UNIT_SRC:%.c=$(1)/%)
check-builds: ## a directory with a space, BUILD elsewhere, clang, -O0, -O3 -march=native, -flto
	rm -rf 'build/a directory' && mkdir -p 'build/a directory'
	git ls-files -z | xargs -0 cp -a --parents -t 'build/a directory'
	cd 'build/a directory' && $(MAKE) all unit BUILD=build CFLAGS=-O0 WERROR=1 && \
		$(MAKE) check-built BUILD=build TESTS='$(BUILDS_E2E) $(call BUILDS_UNIT,build)'
	elsewhere=$$(mktemp -d) && \
		$(MAKE) all unit BUILD=$$elsewhere CC=clang-14 WERROR=1 && \
		$(MAKE) check-built BUILD=$$elsewhere TESTS="$(BUILDS_E2E) $(call BUILDS_UNIT,$$elsewhere)" && \
		rm -rf $$elsewhere
	$(MAKE) all unit BUILD=build/native CFLAGS='-O3 -march=native'
	$(MAKE) check-built BUILD=build/native TESTS='$(call BUILDS_UNIT,build/native)'
	$(MAKE) all unit BUILD=build/lto CFLAGS='-O2 -flto=auto'
	$(MAKE) check-built BUILD=build/lto TESTS='$(call BUILDS_UNIT,build/lto)'

deps-builds: ## the other compiler that check-builds takes
	$(call install_packages,git clang-14)
