# Building and running the tests: programs in C and shell that speak TAP, run by tests/run.pl.

# More tests than there are processors: most tests wait most of the time.
JOBS ?= $(shell expr $$(nproc) + 2)

TEST_PACKAGES = perl nodejs node-ws python3 python3-websockets openssl ca-certificates mandoc man-db \
	bash-completion zsh fish procps curl iproute2 binutils systemd nats-server
# The programs of which chat-cookbook(7) has recipes, if they are not among these.
COOKBOOK_PACKAGES = git systemd-journal-remote inotify-tools socat libxml2-utils zstd sqlite3 rlwrap tmux fzf vim-tiny
# The neighbours of its bridges. Debian starts most of them when they are installed.
BRIDGE_PACKAGES = ngircd mosquitto mosquitto-clients redis-server redis-tools prosody msmtp
BROWSER_PACKAGES = chromium
PROXY_PACKAGES = nginx haproxy caddy tor
DEEP_PACKAGES = $(FUZZ_PACKAGES) llvm valgrind strace

.PHONY: demo demo-cluster picture page-picture unit check check-built check-browser check-asan check-tsan check-valgrind deps deps-cookbook deps-bridges deps-browser deps-proxies deps-deep

# ---- what is built ----

# The parts of all commands, of which a test links what it uses.
PARTS = $(BUILD)/parts.a
PARTS_SRC := $(filter-out $(NOT_BUILT),$(wildcard cmd/*/*.c cmd/serve/*/*.c))

# A unit test is one C file with a main.
UNIT_SRC := $(wildcard tests/unit/*.c)
UNIT := $(UNIT_SRC:%.c=$(BUILD)/%)

# Programs for the interop tests: the server's and the client's layer of WebSocket alone, and a TLS client.
INTEROP_SRC := $(wildcard tests/interop/*.c)
INTEROP_PEERS := $(INTEROP_SRC:%.c=$(BUILD)/%)

# Libraries that tests put between a command and the system, with LD_PRELOAD.
PRELOAD := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/preload/*.c))

PROGRAMS += $(UNIT) $(INTEROP_PEERS)
OBJECTS += $(call objects,$(UNIT_SRC) $(INTEROP_SRC))

$(UNIT) $(INTEROP_PEERS): $(BUILD)/%: $(BUILD)/%.o $(PARTS) $(LIB)

$(PARTS): $(call objects,$(PARTS_SRC))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(PRELOAD): $(BUILD)/%.so: %.c $(BUILD)/flags $(wildcard tests/preload/*.h)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) -std=c11 $(WARNINGS) $(CFLAGS) -fPIC -shared -o $@ $<

unit: $(UNIT) $(INTEROP_PEERS) $(PRELOAD)

# ---- what is run ----

E2E := $(wildcard tests/e2e/*.sh tests/cluster/*.sh)
BROWSER := $(wildcard tests/interop/browser*.sh)
INTEROP := $(filter-out $(BROWSER),$(wildcard tests/interop/*.sh))
# Those that take long begin first, so that no processor waits for them in the end.
LONGEST := $(patsubst %,tests/e2e/%.sh,send-faults clients-hostile-server serve-attack commands-nth-call \
	serve-tls-limits validate-outputs serve-access serve-journal-faults commands-cookbook-bridges) $(BUILD)/tests/unit/journal_recovery \
	$(wildcard tests/cluster/*.sh)
TESTS = $(SIMULATE) $(LONGEST) $(filter-out $(LONGEST),$(INTEROP) $(E2E) $(UNIT))

# No test runs longer than this, whatever it waits for; longer where everything is slow.
TEST_SECONDS = $(shell expr 300 \* $${CHAT_TEST_SLOWNESS:-1})
RUN = CHAT_BUILD=$(BUILD) tests/run.pl $(JOBS) $(TEST_SECONDS)

demo: ## build the commands and see them at work: a server, a person, a bot, a sender
	@CHAT_BUILD='$(BUILD)' CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' JOBS=$(JOBS) tests/demo.sh

demo-cluster: all ## three nats-servers and three chat-serves are one chat; one of each is killed
	@CHAT_BUILD='$(BUILD)' tests/demo-cluster.sh

page-picture: check-browser ## make README.md's picture of the page again
	cp $(BUILD)/pictures/page.svg tests/page.svg

picture: all ## make README.md's picture again, from a session that is run
	CHAT_BUILD='$(BUILD)' tests/picture.py >tests/session.svg

# Where make is not told -j, as many compilers run as there are processors.
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

check: ## all tests but the browser's
	@$(MAKE) $(PARALLEL) all unit $(SIMULATE)
	@$(MAKE) check-built

check-built: # runs the tests on what is built
	$(Q)$(RUN) $(TESTS)

check-browser: all ## chat-serve and the WebSocket of headless Chromium
	$(Q)$(RUN) $(BROWSER)

check-asan: export ASAN_OPTIONS = detect_leaks=1:detect_stack_use_after_return=1
check-asan: export UBSAN_OPTIONS = print_stacktrace=1
check-asan: ## the tests under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
	CHAT_TEST_SLOWNESS=3 $(MAKE) check BUILD=build/asan SANITIZE=address,undefined CFLAGS='-O1 -g'

check-tsan: export TSAN_OPTIONS = halt_on_error=1:suppressions=$(CURDIR)/tests/tsan.supp
check-tsan: ## the tests under ThreadSanitizer
	CHAT_TEST_SLOWNESS=5 $(MAKE) check BUILD=build/tsan SANITIZE=thread CFLAGS='-O1 -g'

# $(call wrap,DIRECTORY,COMMAND,ARGUMENTS): a directory that looks like a build, whose programs run under the command;
# chat-serve also gets the arguments.
define wrap
	rm -rf $(1) && mkdir -p $(1)/tests/unit
	ln -s "$(abspath $(BUILD))"/tests/preload $(1)/tests
	for program in $(COMMANDS) $(UNIT:$(BUILD)/%=%); do \
		case $$program in chat-serve) more='$(3)' ;; *) more= ;; esac && \
		printf '#!/bin/sh\nexec %s "%s" %s "$$@"\n' '$(2)' "$(abspath $(BUILD))/$$program" "$$more" \
			>$(1)/$$program && chmod +x $(1)/$$program || exit; \
	done
endef

# The programs under valgrind look like a build of their own. The sandbox is off, because it would bind valgrind.
# An error is the exit status 99 and a file in build/valgrind.
VALGRIND = valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
	--suppressions=$(CURDIR)/tests/valgrind.supp --log-file=$(abspath $(BUILD))/valgrind/%p.log
# Tests that measure time or memory, or need system calls that valgrind does not know, are left out.
VALGRIND_TESTS = $(addprefix tests/e2e/,listen-cursor.sh pipelines.sh send.sh send-faults.sh \
	clients-plain-server.sh send-restart.sh serve-access.sh serve-access-hosts.sh serve-access-ids.sh \
	serve-corpus.sh serve-frames.sh serve-protocol.sh \
	serve-protocol-history.sh serve-protocol-nonces.sh serve-tls-frames.sh \
	validate-corpus.sh validate-order.sh)
check-valgrind: all unit ## many of the tests under valgrind
	$(call wrap,$(BUILD)/valgrind,$(VALGRIND),--no-sandbox)
	CHAT_TEST_SLOWNESS=10 $(MAKE) check-built BUILD=$(BUILD)/valgrind TESTS='$(VALGRIND_TESTS) \
		$(UNIT:$(BUILD)/%=$(BUILD)/valgrind/%)'

# ---- packages ----

deps: ## install what is missing to build and test
	$(call install_packages,$(BUILD_PACKAGES) $(TEST_PACKAGES) $(COOKBOOK_PACKAGES))

deps-cookbook: ## the programs that the examples of chat-cookbook(7) go with
	$(call install_packages,$(COOKBOOK_PACKAGES))

deps-bridges: ## the servers that chat-cookbook(7) has bridges to; their packages may start them as services
	$(call install_packages,$(BRIDGE_PACKAGES))

deps-browser: ## what is missing for check-browser
	$(call install_packages,$(BROWSER_PACKAGES))
	@command -v npm >/dev/null && npm install --prefix $(BUILD)/browser --no-audit --no-fund axe-core@4.10.2 || \
		echo 'no npm, or no way to its packages: the page is not checked by axe-core'

deps-proxies: ## the proxies that serve-proxies.sh and serve-haproxy.sh start; their packages may start them as services
	$(call install_packages,$(PROXY_PACKAGES))

deps-deep: ## what is missing for fuzz, coverage and valgrind
	$(call install_packages,$(DEEP_PACKAGES))
