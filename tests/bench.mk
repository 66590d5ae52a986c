# Benchmarks: tests/bench/*.sh measure, with the programs that are built here; each says in its first lines what.

BENCH_PACKAGES = g++ nats-server redis-server mosquitto mosquitto-clients libsimdjson-dev time valgrind $(if $(shell command -v npm),,npm)
# The packages of npm that chat-serve is compared with; npm comes with nodejs or as a package of its own.
BENCH_PEERS = ajv@8.17.1 bun@1.4.5 ws@8.23.0 wscat@6.1.0

.PHONY: bench bench-quick bench-deps bench-guard bench-baseline deps-guard

# The load generator is all of load*.c; each other program is one C file, one of which needs libnats. ack_load.c is a
# part of two.
LOAD_SRC := $(wildcard tests/bench/load*.c)
NOT_BENCH := $(LOAD_SRC) tests/bench/ack_load.c tests/bench/validate_library.c $(if $(NATS),,tests/bench/nats_ack.c)
BENCH_SRC := $(filter-out $(NOT_BENCH),$(wildcard tests/bench/*.c))
BENCH_PROGRAMS := $(BUILD)/tests/bench/load $(BENCH_SRC:%.c=$(BUILD)/%) $(BUILD)/tests/bench/validate_library
SIMDJSON := $(if $(wildcard /usr/include/simdjson.h),$(BUILD)/tests/bench/validate_simdjson)

PROGRAMS += $(filter-out %/validate_library,$(BENCH_PROGRAMS))
OBJECTS += $(call objects,$(LOAD_SRC) $(BENCH_SRC) tests/bench/ack_load.c)

$(BUILD)/tests/bench/load: $(call objects,$(LOAD_SRC)) $(LIB)
$(BENCH_SRC:%.c=$(BUILD)/%): $(BUILD)/%: $(BUILD)/%.o
$(addprefix $(BUILD)/tests/bench/,ack catchup nats_ack): $(BUILD)/tests/bench/load_usage.o
$(addprefix $(BUILD)/tests/bench/,ack nats_ack): $(BUILD)/tests/bench/ack_load.o
$(BUILD)/tests/bench/fill: $(BUILD)/parts.a
$(BENCH_SRC:%.c=$(BUILD)/%): $(LIB)

# As a program of others: the public headers, and the shared library, found beside the build.
$(BUILD)/tests/bench/validate_library: tests/bench/validate_library.c $(BUILD)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) -O2 -Ilib -o $@ $^ -Wl,-rpath,'$$ORIGIN/../..' $(INSTRUMENT) $(LDFLAGS)

$(BUILD)/tests/bench/validate_simdjson: tests/bench/validate_simdjson.cpp
	$(call say,CXX,$<)
	@mkdir -p $(@D)
	$(Q)$(CXX) -O2 -o $@ $< -lsimdjson

bench: all $(BENCH_PROGRAMS) $(SIMDJSON) ## measure against floor and peers, 45 minutes (tests/bench)
	@failed=; for bench in $(wildcard tests/bench/*.sh); do CHAT_BUILD=$(BUILD) $$bench || failed="$$failed $$bench"; done; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

bench-quick: ## the same, roughly and of less, in 3 minutes
	$(Q)BENCH_QUICK=1 $(MAKE) bench

bench-deps: ## install what bench measures against: packages, and into the build from npm
	$(call install_packages,$(BENCH_PACKAGES))
	mkdir -p $(BUILD)/bench
	npm install --prefix $(BUILD)/bench --no-audit --no-fund $(BENCH_PEERS)

# ---- the guard ----

GUARD = tests/bench/guard/instructions.sh
$(foreach target,bench-guard bench-baseline,$(eval $(target): export CHAT_GUARD_CFLAGS := $(value CFLAGS)))
GUARDED = all $(BUILD)/tests/bench/validate_corpus
bench-guard: $(GUARDED) ## instructions of an echo, a delivery, a connection, a byte: as in the baseline?
	$(Q)CHAT_BUILD=$(BUILD) tests/run.pl 1 $(TEST_SECONDS) $(GUARD)

bench-baseline: $(GUARDED) ## write down what bench-guard counts now
	$(Q)CHAT_BUILD=$(BUILD) $(GUARD) --write

deps-guard: ## what is missing for bench-guard
	$(call install_packages,valgrind)
