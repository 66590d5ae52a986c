# Fuzzing: each tests/fuzz/NAME.c is a target of libFuzzer.

CLANG ?= clang
FUZZ_PACKAGES = clang libclang-rt-dev libjansson-dev

.PHONY: fuzz fuzz-all fuzz-build deps-fuzz

# make fuzz T=json SECONDS=60: tests/fuzz/json.c on the corpus; what it finds stays in build/fuzz.
# FUZZ_FLAGS are libFuzzer's: with -max_len=400 it makes more of short lines than of few long ones.
T ?= json
SECONDS ?= 60
FUZZ_FLAGS ?=
FUZZ_OF_journal_dir = -close_fd_mask=2 # what the journal has to say
FUZZ_SRC := $(wildcard tests/fuzz/*.c)
# Those of the library have what programs of others have: the installed headers, and the shared library.
FUZZ_PUBLIC = $(addprefix $(BUILD)/tests/fuzz/,base64 build json lines msg_get validate)
FUZZ = $(FUZZ_SRC:%.c=$(BUILD)/%)
FUZZ_BUILD = BUILD=build/fuzz CC=$(CLANG) CFLAGS='-O2 -g' SANITIZE=fuzzer-no-link,address,undefined
SEEDS = $(wildcard tests/corpus/$(T) tests/corpus/valid tests/corpus/invalid)
OBJECTS += $(call objects,$(FUZZ_SRC))

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
$(FUZZ_PUBLIC:%=%.o): private ALL_CPPFLAGS = -D_GNU_SOURCE -I$(BUILD)/include $(CPPFLAGS)
$(FUZZ_PUBLIC:%=%.o): $(BUILD)/include/chat
$(BUILD)/include/chat:
	$(Q)mkdir -p $(@D) && ln -sfn $(abspath lib/chat) $@
$(FUZZ_PUBLIC): private LDFLAGS += -Wl,-rpath,'$$ORIGIN/../..'
$(FUZZ_PUBLIC): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/$(SONAME)
$(filter-out $(FUZZ_PUBLIC),$(FUZZ)): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/parts.a $(LIB)
$(FUZZ):
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

deps-fuzz: ## what is missing for fuzz
	$(call install_packages,$(FUZZ_PACKAGES))
