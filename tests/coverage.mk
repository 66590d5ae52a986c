# Coverage: the lines of lib and cmd that the tests reach.
#
# clang's counters are in a file that each program maps when it starts. So they count in the sandbox too, which lets
# no program open a file at its end, and for programs that end by a signal or by _exit(2).

COVERAGE = build/coverage
# make coverage fails if fewer per cent of the lines are reached.
COVERAGE_LEAST = 92
# The simulation is left out: its programs are linked in a way that those counters do not survive.
COVERAGE_BUILD = BUILD=$(COVERAGE) SIMULATE= CC=$(CLANG) LDFLAGS=-fprofile-instr-generate CFLAGS='-O1 -g -fcoverage-mapping \
	-fprofile-instr-generate=$(abspath $(COVERAGE))/raw/%m%c.profraw -fprofile-update=atomic \
	-mllvm -runtime-counter-relocation'

.PHONY: coverage coverage-report

coverage: ## which lines the tests reach (build/coverage/html/index.html), and the ten least covered functions
	$(Q)rm -rf $(COVERAGE)/raw
	$(Q)CHAT_TEST_SLOWNESS=3 $(MAKE) check $(COVERAGE_BUILD); status=$$?; \
		$(MAKE) coverage-report $(COVERAGE_BUILD) && exit $$status

coverage-report: # of what has run so far
	$(Q)CLANG='$(CLANG)' tests/coverage.sh $(BUILD) $(COVERAGE_LEAST) $(filter-out %.a,$(ALL)) $(UNIT)
