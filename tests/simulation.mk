# A deterministic simulation: the commands on a kernel made of memory, with time, chance and faults by a seed.

SIMULATION_SRC := $(filter-out %/transport.c %/member.c,$(wildcard tests/simulation/*.c))
SIMULATE = $(BUILD)/tests/simulation/simulate
SIMULATION_OBJECTS = $(call objects,$(wildcard tests/simulation/*.c))
OBJECTS += $(SIMULATION_OBJECTS)

OBJCOPY ?= objcopy

.PHONY: simulate simulate-long simulate-faults

# With SEED, the story of one seed; FLAGS may be --trace, --shrink, --keep=DIR.
SEED ?=
FLAGS ?=
simulate: $(SIMULATE) ## play the simulation's seeds; SEED=n tells the story of one, FLAGS=--trace all of it
	$(Q)$(SIMULATE) $(if $(SEED),--seed=$(SEED) $(FLAGS))

# The seeds begin with the time, so that each run has others.
simulate-long: $(SIMULATE) ## play new seeds for an hour, on all processors: SECONDS=3600
	$(SIMULATE) --from=$(shell date +%s)000000 --seconds=$(if $(filter file,$(origin SECONDS)),3600,$(SECONDS)) --jobs=$(shell nproc)

simulate-faults: ## put known faults into a copy of the sources: does the simulation find them?
	tests/simulation/faults.sh

$(SIMULATION_OBJECTS): private ALL_CPPFLAGS += -Itests

# A program as one object that shows only its main, and whose calls of the system are those of the simulated kernel.
SIMULATED = $(addprefix $(BUILD)/tests/simulation/chat-,serve.o send.o listen.o validate.o member.o)
# shared_log.c of the simulation is in the place of libnats.
$(BUILD)/tests/simulation/chat-serve.o: $(call objects,$(filter-out cmd/serve/cluster/nats% %no_nats.c,$(SERVE_SRC)))
$(BUILD)/tests/simulation/chat-send.o: $(call objects,$(SEND_SRC))
$(BUILD)/tests/simulation/chat-listen.o: $(call objects,$(LISTEN_SRC))
$(BUILD)/tests/simulation/chat-validate.o: $(call objects,$(VALIDATE_SRC))
$(BUILD)/tests/simulation/chat-member.o: $(BUILD)/tests/simulation/member.o
$(SIMULATED): $(BUILD)/tests/simulation/transport.o $(LIB) tests/simulation/platform
$(SIMULATED): $(BUILD)/tests/simulation/chat-%.o:
	$(call say,LD,$@)
	$(Q)$(CC) -r -nostdlib -o $@.all $(filter %.o,$^) $(LIB)
	$(Q)sed -n 's/^[^#].*/& sim_&/p' tests/simulation/platform >$@.names
	$(Q)$(OBJCOPY) --redefine-syms=$@.names --redefine-sym main=chat_$*_main --keep-global-symbol=chat_$*_main $@.all $@
	$(Q)rm $@.all $@.names

# The model reads ids as the server does.
$(SIMULATE): $(call objects,$(SIMULATION_SRC) cmd/serve/journal/message_id.c) $(SIMULATED) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
