# The chat tools. `make help` lists what there is.
#
# CFLAGS, CPPFLAGS and LDFLAGS are yours; what the build needs lives in ALL_*.

MAKEFLAGS += --no-print-directory

VERSION = 0.1.0
SOVERSION = 0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
DESTDIR ?=

CC ?= cc
CFLAGS ?= -O2 -g
CLANG ?= clang-14
CLANG_FORMAT ?= clang-format-14
BUILD ?= build
SANITIZE ?=
WERROR ?=
JOBS ?= $(shell nproc)

# Debian 12. `make deps` installs the first three sets, deps-build the first, bench-deps, deps-fuzz and
# deps-deep the others.
BUILD_PACKAGES = make gcc libc6-dev pkg-config libwslay-dev libcurl4-openssl-dev libidn2-dev libcjson-dev libuv1-dev \
	liburing-dev libseccomp-dev libssl-dev uthash-dev libmagic-dev jq
TEST_PACKAGES = perl nodejs node-ws python3 python3-websockets openssl mandoc man-db shellcheck \
	clang-format-14 bash-completion zsh fish procps curl iproute2 binutils systemd
BROWSER_PACKAGES = chromium
BENCH_PACKAGES = g++ redis-server mosquitto mosquitto-clients libsimdjson-dev time valgrind $(if $(shell command -v npm),,npm)
FUZZ_PACKAGES = clang-14 libclang-rt-14-dev libjansson-dev
DEEP_PACKAGES = $(FUZZ_PACKAGES) llvm-14 gcovr valgrind strace

# ---- flags ----

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings $(if $(WERROR),-Werror)
HARDENING = -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
ifeq ($(SANITIZE),)
HARDENING += $(if $(filter -O1 -O2 -O3 -Os -Og -Ofast,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
else
INSTRUMENT = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

ALL_CPPFLAGS = -D_GNU_SOURCE -DCHAT_VERSION='"$(VERSION)"' -Ilib -Icmd $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(HARDENING) $(INSTRUMENT) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(INSTRUMENT) $(LDFLAGS)

# Given to every program; --as-needed keeps what it uses. wslay has no .pc file, the others' say no more.
LIBS = -lwslay -lcurl -lidn2 -lcjson -lcrypto -lmagic -luv -luring -lseccomp -lssl -lm

# ---- what is built of what ----

# A command is its main, its folder, and the library, of which the linker takes what is used.
COMMANDS = chat-validate chat-send chat-listen chat-serve
VALIDATE_SRC := cmd/chat-validate.c $(wildcard cmd/validate/*.c)
SEND_SRC := cmd/chat-send.c $(wildcard cmd/send/*.c cmd/client/*.c)
LISTEN_SRC := cmd/chat-listen.c $(wildcard cmd/listen/*.c cmd/client/*.c)
SERVE_SRC := cmd/chat-serve.c $(wildcard cmd/serve/*.c cmd/serve/*/*.c)
LIB_SRC := $(wildcard lib/*/*.c)

# The shared library is the part that reads, checks and writes messages: no network, no command line.
SHARED = $(addprefix text/,base64 buf err json json_value line show utf8) \
	$(addprefix message/,encode finding msg rules schema strict value) wire/url
SHARED_SRC = $(SHARED:%=lib/%.c)
SONAME = libchat.so.$(SOVERSION)
HEADERS := $(wildcard lib/chat/*.h)

# A unit test is one C file with a main that speaks TAP. Those of a command's folder link its parts.
UNIT_SRC := $(wildcard tests/unit/*.c)
UNIT := $(UNIT_SRC:%.c=$(BUILD)/%)
PARTS_SRC := $(wildcard cmd/*/*.c cmd/serve/*/*.c)

# What a conformance suite is run on: the server's and the client's layer of WebSocket alone.
ECHO := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/interop/*.c))

# What tests put between a command and the system, with LD_PRELOAD.
PRELOAD := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/preload/*.c))

# What measures: a load generator, and a server with no protocol work.
LOAD_SRC := $(wildcard tests/bench/load*.c)
FLOOR_SRC := tests/bench/floor.c
ACK_SRC := tests/bench/ack.c
FILL_SRC := tests/bench/fill.c
CATCHUP_SRC := tests/bench/catchup.c
VALIDATE_BENCH_SRC := tests/bench/validate_corpus.c tests/bench/validate_cjson.c
BENCH := $(addprefix $(BUILD)/tests/bench/,load floor flood ack fill catchup) $(VALIDATE_BENCH_SRC:%.c=$(BUILD)/%) \
	$(if $(wildcard /usr/include/simdjson.h),$(BUILD)/tests/bench/validate_simdjson)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB = $(BUILD)/libchat.a
OBJECTS = $(call objects,$(wildcard cmd/*.c) $(PARTS_SRC) $(LIB_SRC) $(UNIT_SRC) \
	$(wildcard tests/interop/*.c tests/fuzz/*.c) $(LOAD_SRC) $(FLOOR_SRC) tests/bench/flood.c $(ACK_SRC) $(FILL_SRC) $(CATCHUP_SRC) $(VALIDATE_BENCH_SRC)) \
	$(SHARED_SRC:%.c=$(BUILD)/pic/%.o)

.PHONY: all demo check check-built check-browser check-valgrind check-asan check-tsan coverage fuzz fuzz-all \
	fuzz-build bench bench-deps lint lint-build lint-format lint-scripts lint-man format install uninstall \
	clean help deps deps-build deps-deep deps-fuzz unit
.DELETE_ON_ERROR:

all: $(COMMANDS:%=$(BUILD)/%) $(LIB) $(BUILD)/$(SONAME) ## build the commands and the library

$(BUILD)/chat-validate: $(call objects,$(VALIDATE_SRC)) $(LIB)
$(BUILD)/chat-send: $(call objects,$(SEND_SRC)) $(LIB)
$(BUILD)/chat-listen: $(call objects,$(LISTEN_SRC)) $(LIB)
$(BUILD)/chat-serve: $(call objects,$(SERVE_SRC)) $(LIB)
$(UNIT) $(ECHO): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/parts.a $(LIB)
$(BUILD)/tests/bench/load: $(call objects,$(LOAD_SRC)) $(LIB)
$(BUILD)/tests/bench/floor: $(call objects,$(FLOOR_SRC)) $(LIB)
$(BUILD)/tests/bench/flood: $(call objects,tests/bench/flood.c) $(LIB)
$(BUILD)/tests/bench/ack: $(call objects,$(ACK_SRC)) $(LIB)
$(BUILD)/tests/bench/fill: $(call objects,$(FILL_SRC)) $(BUILD)/parts.a $(LIB)
$(BUILD)/tests/bench/catchup: $(call objects,$(CATCHUP_SRC) tests/bench/load_usage.c) $(LIB)

$(VALIDATE_BENCH_SRC:%.c=$(BUILD)/%): $(BUILD)/%: $(BUILD)/%.o $(LIB)
$(BUILD)/tests/bench/validate_simdjson: tests/bench/validate_simdjson.cpp
	@mkdir -p $(@D)
	$(CXX) -O2 -o $@ $< -lsimdjson

$(COMMANDS:%=$(BUILD)/%) $(UNIT) $(ECHO) $(filter-out %/validate_simdjson,$(BENCH)):
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(call objects,$(LIB_SRC))
$(BUILD)/parts.a: $(call objects,$(PARTS_SRC))
$(LIB) $(BUILD)/parts.a:
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/$(SONAME): $(SHARED_SRC:%.c=$(BUILD)/pic/%.o) lib/libchat.map
	$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=lib/libchat.map -Wl,-z,relro,-z,now \
		$(if $(SANITIZE),,-Wl,-z,defs) -Wl,--as-needed $(INSTRUMENT) $(LDFLAGS) -o $@ $(filter %.o,$^) -lcjson

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -c -o $@ $<

# Other flags are another build: whatever was made with the old ones is made again.
FLAGS = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS))' >$@
FORCE:

$(PRELOAD): $(BUILD)/%.so: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CPPFLAGS) -std=c11 $(WARNINGS) $(CFLAGS) -fPIC -shared -o $@ $<

unit: $(UNIT) $(ECHO) $(PRELOAD)

-include $(wildcard $(OBJECTS:.o=.d))

# ---- tests: programs that speak TAP, in C and shell, run by one prove ----

E2E := $(wildcard tests/e2e/*.sh)
BROWSER := $(wildcard tests/interop/browser*.sh)
INTEROP := $(filter-out $(BROWSER),$(wildcard tests/interop/*.sh))
TESTS = $(INTEROP) $(E2E) $(UNIT)

# No test runs longer than this, whatever it waits for.
TEST_SECONDS = 300
PROVE = CHAT_BUILD=$(BUILD) prove --jobs $(JOBS) --exec 'timeout -k 5 $(TEST_SECONDS)'

demo: all ## a server with a speaking and a listening client on it
	@CHAT_BUILD=$(BUILD) tests/demo.sh

check: all unit ## all tests but the browser's
	$(MAKE) check-built

check-built: # what is built
	$(PROVE) $(TESTS)

check-browser: all ## chat-serve and the WebSocket of headless Chromium
	$(PROVE) $(BROWSER)

check-asan: export ASAN_OPTIONS = detect_leaks=1:detect_stack_use_after_return=1
check-asan: export UBSAN_OPTIONS = print_stacktrace=1
check-asan: ## the tests under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
	CHAT_TEST_SLOWNESS=3 $(MAKE) check BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g'

check-tsan: export TSAN_OPTIONS = halt_on_error=1:suppressions=$(CURDIR)/tests/tsan.supp
check-tsan: ## the tests under ThreadSanitizer
	CHAT_TEST_SLOWNESS=5 $(MAKE) check BUILD=build/tsan SANITIZE=thread CFLAGS='-O1 -g'

# The programs under valgrind look like a build of their own. There is no sandbox: it would be valgrind's too.
# What it finds is the exit status 99 and a file in build/valgrind.
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
	--suppressions=$(CURDIR)/tests/valgrind.supp --log-file=$(abspath $(BUILD))/valgrind/%p.log
# Left out is what measures time or memory, or needs system calls that valgrind does not know.
VALGRIND_TESTS = $(addprefix tests/e2e/,listen-cursor.sh pipelines.sh send.sh send-faults.sh send-plain.sh \
	send-restart.sh serve-access.sh serve-corpus.sh serve-frames.sh serve-protocol.sh serve-tls-frames.sh \
	validate-corpus.sh validate-order.sh)
check-valgrind: all unit ## many of the tests under valgrind
	rm -rf $(BUILD)/valgrind && mkdir -p $(BUILD)/valgrind/tests/unit
	ln -s $(abspath $(BUILD))/tests/preload $(BUILD)/valgrind/tests
	for program in $(COMMANDS) $(UNIT:$(BUILD)/%=%); do \
		case $$program in chat-serve) more=--no-sandbox ;; *) more= ;; esac && \
		printf '#!/bin/sh\nexec %s %s %s "$$@"\n' '$(VALGRIND)' "$(abspath $(BUILD))/$$program" "$$more" \
			>$(BUILD)/valgrind/$$program && chmod +x $(BUILD)/valgrind/$$program || exit; \
	done
	CHAT_TEST_SLOWNESS=10 $(MAKE) check-built BUILD=$(BUILD)/valgrind TEST_SECONDS=3000 TESTS='$(VALGRIND_TESTS) \
		$(UNIT:$(BUILD)/%=$(BUILD)/valgrind/%)'

coverage: ## which lines the tests reach (build/coverage/index.html)
	$(MAKE) check BUILD=build/coverage LDFLAGS=--coverage \
		CFLAGS='-O0 -g --coverage -fprofile-update=atomic'
	gcovr --root . --object-directory build/coverage --filter lib/ --filter cmd/ --print-summary \
		--html-details build/coverage/index.html build/coverage

# make fuzz T=json SECONDS=60: tests/fuzz/json.c on the corpus; what it finds stays in build/fuzz.
# FUZZ_FLAGS are libFuzzer's: with -max_len=400 it makes more of short lines than of few long ones.
T ?= json
SECONDS ?= 60
FUZZ_FLAGS ?=
FUZZ_OF_journal_dir = -close_fd_mask=2 # what the journal has to say
FUZZ = $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*.c))
FUZZ_BUILD = BUILD=build/fuzz CC=$(CLANG) CFLAGS='-O2 -g' SANITIZE=fuzzer-no-link,address,undefined
SEEDS = $(wildcard tests/corpus/$(T) tests/corpus/valid tests/corpus/invalid)
fuzz: ## run one libFuzzer target: T=name SECONDS=60
	$(MAKE) build/fuzz/tests/fuzz/$(T) $(FUZZ_BUILD)
	mkdir -p build/fuzz/$(T)
	cd build/fuzz && tests/fuzz/$(T) -max_total_time=$(SECONDS) -timeout=10 -print_final_stats=1 \
		-artifact_prefix=$(T)- $(FUZZ_OF_$(T)) $(FUZZ_FLAGS) $(T) $(SEEDS:%=$(CURDIR)/%)

fuzz-build: $(FUZZ)

fuzz-all: ## run every libFuzzer target for a while: SECONDS=60
	$(MAKE) fuzz-build $(FUZZ_BUILD)
	for target in $(sort $(notdir $(FUZZ))); do $(MAKE) fuzz T=$$target || exit; done

$(BUILD)/tests/fuzz/jansson: LIBS += -ljansson
$(FUZZ): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/parts.a $(LIB)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# What is measured against; npm comes with nodejs or as a package of its own.
BENCH_PEERS = ajv@8.17.1 bun@1.4.5 ws@8.23.0 wscat@6.1.0

bench-deps: ## install what bench measures against: packages, and into the build from npm
	$(call install_packages,$(BENCH_PACKAGES))
	mkdir -p $(BUILD)/bench
	npm install --prefix $(BUILD)/bench --no-audit --no-fund $(BENCH_PEERS)

bench: all $(BENCH) ## measure against floor and peers, 40 minutes; BENCH_QUICK=1: 6 (tests/bench)
	@for bench in $(wildcard tests/bench/*.sh); do CHAT_BUILD=$(BUILD) $$bench || exit; done

# ---- style ----

C_FILES = $(wildcard lib/*/*.[ch] cmd/*.[ch] cmd/*/*.[ch] cmd/serve/*/*.[ch] tests/*/*.[ch])
SCRIPTS = .ci/run completions/chat.bash $(wildcard tests/*.sh tests/*/*.sh)

lint: lint-format lint-scripts lint-man lint-build ## layout, scripts, manual pages, a build without a warning
	@echo 'lint: nothing to report'

lint-format:
	$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)

lint-scripts:
	shellcheck -x -e SC2016,SC2317 $(SCRIPTS)

lint-man:
	mandoc -T lint -W warning $(wildcard man/*)

lint-build:
	$(MAKE) all unit BUILD=build/werror WERROR=1

format: ## lay the sources out
	$(CLANG_FORMAT) -i $(C_FILES)

# ---- installation ----

BASH_DIR = $(DATADIR)/bash-completion/completions
ZSH_DIR = $(DATADIR)/zsh/site-functions
FISH_DIR = $(DATADIR)/fish/vendor_completions.d
MAN1 := $(wildcard man/*.1)
MAN5 := $(wildcard man/*.5)
MAN7 := $(wildcard man/*.7)
INSTALLED = $(COMMANDS:%=$(BINDIR)/%) $(addprefix $(LIBDIR)/,libchat.a $(SONAME) libchat.so pkgconfig/chat.pc) \
	$(HEADERS:lib/%=$(INCLUDEDIR)/%) $(MAN1:man/%=$(MANDIR)/man1/%) $(MAN5:man/%=$(MANDIR)/man5/%) $(MAN7:man/%=$(MANDIR)/man7/%) \
	$(COMMANDS:%=$(BASH_DIR)/%) $(ZSH_DIR)/_chat $(COMMANDS:%=$(FISH_DIR)/%.fish) \
	$(UNITDIR)/chat-serve.service $(UNITDIR)/chat-serve.socket

install: all ## install everything under DESTDIR and PREFIX
	install -d $(sort $(dir $(INSTALLED:%=$(DESTDIR)%)))
	install $(COMMANDS:%=$(BUILD)/%) $(DESTDIR)$(BINDIR)
	install -m 644 $(LIB) $(BUILD)/$(SONAME) $(DESTDIR)$(LIBDIR)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libchat.so
	sed -e 's|@VERSION@|$(VERSION)|' -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' \
		-e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' lib/chat.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/chat.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/chat.pc
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/chat
	install -m 644 $(MAN1) $(DESTDIR)$(MANDIR)/man1
	install -m 644 $(MAN5) $(DESTDIR)$(MANDIR)/man5
	install -m 644 $(MAN7) $(DESTDIR)$(MANDIR)/man7
	for command in $(COMMANDS); do \
		install -m 644 completions/chat.bash $(DESTDIR)$(BASH_DIR)/$$command && \
		install -m 644 completions/$$command.fish $(DESTDIR)$(FISH_DIR) || exit; \
	done
	install -m 644 completions/_chat $(DESTDIR)$(ZSH_DIR)
	sed -e 's|@BINDIR@|$(BINDIR)|' cmd/serve/systemd/chat-serve.service.in >$(DESTDIR)$(UNITDIR)/chat-serve.service
	chmod 644 $(DESTDIR)$(UNITDIR)/chat-serve.service
	install -m 644 cmd/serve/systemd/chat-serve.socket $(DESTDIR)$(UNITDIR)

uninstall: ## remove what install put there
	rm -f $(INSTALLED:%=$(DESTDIR)%)
	-rmdir $(DESTDIR)$(INCLUDEDIR)/chat

clean: ## remove what was built
	rm -rf $(BUILD)

# ---- packages ----

# $(call install_packages,NAMES): those that are missing, if any, by apt-get.
define install_packages
	@missing=$$(for name in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}' $$name 2>/dev/null | grep -qx installed || echo $$name; \
	done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo 'installing' $$missing; \
	if [ "$$(id -u)" -ne 0 ]; then sudo='sudo'; fi; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing
endef

deps: ## install what is missing to build and test (Debian 12)
	$(call install_packages,$(BUILD_PACKAGES) $(TEST_PACKAGES) $(BROWSER_PACKAGES))

deps-build: ## only what is missing to build and run
	$(call install_packages,$(BUILD_PACKAGES))

deps-fuzz: ## what is missing for fuzz
	$(call install_packages,$(FUZZ_PACKAGES))

deps-deep: ## what is missing for fuzz, coverage and valgrind
	$(call install_packages,$(DEEP_PACKAGES))

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#=]*## \(.*\)/\1|\2/p' Makefile | LC_ALL=C sort -t'|' -k1,1 | \
		while IFS='|' read -r target about; do printf '  %-15s %s\n' "$$target" "$$about"; done
