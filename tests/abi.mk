# The ABI of libchat: tests/abi has the functions and types of the last release, as abidw wrote them.

ABI_PACKAGES = abigail-tools
ABI = tests/abi/libchat.so.$(SOVERSION).xml

.PHONY: check-abi abi deps-abi

# New functions are no change. A change here breaks programs that are not compiled again: it needs a new SOVERSION.
check-abi: $(BUILD)/$(SONAME) ## the library has the functions and types of the last release (x86-64)
	abidiff --suppressions tests/abi/suppressions.ini --no-added-syms --no-unreferenced-symbols $(ABI) $<

abi: $(BUILD)/$(SONAME) # at a release: note its functions and types
	mkdir -p $(dir $(ABI))
	abidw --headers-dir lib/chat --no-corpus-path --no-comp-dir-path --no-show-locs --drop-private-types \
		--no-write-default-sizes --short-locs $< >$(ABI)

deps-abi: ## what is missing for check-abi
	$(call install_packages,$(ABI_PACKAGES))
