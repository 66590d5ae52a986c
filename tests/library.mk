# The libraries as others use them. tests/abi has the functions and types of the last release, as abidw wrote them.

LIBRARY_PACKAGES = g++ clang valgrind abigail-tools
ABI = $(patsubst %,tests/abi/%.xml,$(SONAME) $(CLIENT_SONAME))

.PHONY: check-library check-abi abi deps-library

check-library: all unit ## the examples in all languages and under valgrind, and check-abi
	CHAT_TEST_FULL=1 $(RUN) tests/e2e/library.sh tests/e2e/clients-member.sh
	$(MAKE) check-abi

# New functions are no change. A change here breaks programs that are not compiled again: it needs a new SOVERSION.
check-abi: $(ABI:tests/abi/%.xml=$(BUILD)/%) ## the libraries have the functions and types of the last release (x86-64)
	for library in $(^F); do \
		abidiff --suppressions tests/abi/suppressions.ini --no-added-syms --no-unreferenced-symbols \
			tests/abi/$$library.xml $(BUILD)/$$library || exit; \
	done

abi: $(ABI) # at a release: note its functions and types

$(ABI): tests/abi/%.xml: $(BUILD)/%
	mkdir -p $(@D)
	abidw --headers-dir lib/chat --no-corpus-path --no-comp-dir-path --no-show-locs --drop-private-types \
		--no-write-default-sizes --short-locs $< >$@

deps-library: ## what is missing for check-library
	$(call install_packages,$(LIBRARY_PACKAGES))
