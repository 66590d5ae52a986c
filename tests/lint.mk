# Style: how sources are laid out, and what reads over scripts and manual pages.

CLANG_FORMAT ?= clang-format-14
LINT_PACKAGES = mandoc shellcheck $(shell apt-cache search --names-only '^clang-format-14$$' | cut -d' ' -f1)

.PHONY: lint lint-build lint-format lint-man lint-scripts format deps-lint

C_FILES = $(wildcard lib/*/*.[ch] cmd/*.[ch] cmd/*/*.[ch] cmd/serve/*/*.[ch] tests/*/*.[ch])
SCRIPTS = .ci/run lib/install.sh completions/chat.bash $(wildcard tests/*.sh tests/*/*.sh tests/bench/guard/*.sh) \
	$(addprefix tests/package/debian/,$(addprefix tests/,bot library client-library readme-session units) chat-serve.prerm chat-serve.postrm)

lint: lint-format lint-scripts lint-man lint-build ## layout, scripts, manual pages, a build without a warning
	@echo 'lint: nothing to report'

# Other versions of clang-format have other opinions: where the release has no version 14, the layout is not checked.
lint-format:
	$(call say,CHECK,the layout of $(words $(C_FILES)) C files)
	$(Q)if command -v $(CLANG_FORMAT) >/dev/null; then $(CLANG_FORMAT) --dry-run -Werror $(C_FILES); \
	else echo 'lint-format: skipped: there is no $(CLANG_FORMAT) (make deps-lint, where the release has it)'; fi

lint-scripts:
	$(call say,CHECK,$(words $(SCRIPTS)) scripts)
	$(Q)shellcheck -x -e SC2016,SC2317 $(SCRIPTS)

lint-man:
	$(call say,CHECK,the manual pages)
	$(Q)mandoc -T lint -W warning $(wildcard man/*.[1-9])

lint-build:
	$(MAKE) all unit BUILD=build/werror WERROR=1

format: ## lay the sources out
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

deps-lint: ## what is missing for lint
	$(call install_packages,$(LINT_PACKAGES))
