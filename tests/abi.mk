# The ABI of the libraries: tests/abi has the functions and types of the last release, as abidw wrote them.

ABI_PACKAGES = abigail-tools
ABI = $(patsubst %,tests/abi/%.xml,$(SONAME) $(CLIENT_SONAME))

.PHONY: check-abi abi deps-abi

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

deps-abi: ## what is missing for check-abi
	$(call install_packages,$(ABI_PACKAGES))
