# The chat tools. `make help` lists the targets.
#
# To package: `make` builds, `make install DESTDIR=… PREFIX=/usr` installs. Set CC, CFLAGS, CPPFLAGS and
# LDFLAGS as you like; the flags that the build needs are in ALL_CFLAGS and so on, which add yours.
# A rule says what it makes; with V=1 it shows its commands.
# Tests, fuzzing, benchmarks and style are in tests/*.mk, which this file includes.

MAKEFLAGS += --no-print-directory

Q = $(if $(filter-out 0,$(V)),,@)
say = $(if $(Q),@printf '  %-7s %s\n' $(1) '$(2)')

VERSION = 0.1.0
SOVERSION = 0

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
USERUNITDIR ?= $(PREFIX)/lib/systemd/user
DESTDIR ?=

CC ?= cc
CFLAGS ?= -O2 -g
BUILD ?= build
SANITIZE ?=
WERROR ?=

# The packages of Debian that building needs; `make deps-build` installs them.
BUILD_PACKAGES = make gcc libc6-dev pkg-config libwslay-dev libcurl4-openssl-dev libidn2-dev libcjson-dev libuv1-dev \
	liburing-dev libnats-dev libseccomp-dev libssl-dev uthash-dev libmagic-dev jq

# ---- flags ----

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith \
	-Wwrite-strings $(if $(WERROR),-Werror)
# Compilers and machines differ in what they know of these; $(BUILD)/flags finds it out, $(BUILD)/hardening keeps it.
HARDENING = -fstack-protector-strong -fstack-clash-protection -fcf-protection -mbranch-protection=standard -fPIE
ifeq ($(SANITIZE),)
FORTIFY = $(if $(filter -O -O1 -O2 -O3 -Os -Og -Ofast,$(CFLAGS)),2 3)
HARDENING += $(FORTIFY:%='-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=%')
else
INSTRUMENT = -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# Sizes of files and times have 64 bits everywhere.
ALL_CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -DCHAT_VERSION='"$(VERSION)"' -Ilib -Icmd -I$(BUILD)/cmd $(CPPFLAGS)
ALL_CFLAGS = -std=c11 $(WARNINGS) @$(BUILD)/hardening $(INSTRUMENT) -MMD -MP $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(INSTRUMENT) $(LDFLAGS)

# Given to every program; --as-needed keeps what it uses. wslay has no .pc file, the others' say no more.
LIBS = -lwslay -lidn2 -lcjson -lcrypto -lmagic -luv -luring -lseccomp $(NATS) -lssl -lm

# ---- what is built of what ----

# Without libnats the rest is built, and chat-serve --cluster says what is missing.
SYSROOT_OF = $(patsubst --sysroot=%,%,$(filter --sysroot=%,$(CC)))
NATS := $(if $(wildcard $(foreach root,/usr /usr/local,$(SYSROOT_OF)$(root)/include/nats/nats.h)),-lnats)
NOT_BUILT := $(if $(NATS),cmd/serve/cluster/no_nats.c,$(wildcard cmd/serve/cluster/nats*.c))

# A command is its main, its folder, and all of lib, of which the linker takes what is used.
COMMANDS = chat-validate chat-send chat-listen chat-serve
VALIDATE_SRC := cmd/chat-validate.c $(wildcard cmd/validate/*.c)
SEND_SRC := cmd/chat-send.c $(wildcard cmd/send/*.c cmd/common/*.c)
LISTEN_SRC := cmd/chat-listen.c $(wildcard cmd/listen/*.c cmd/common/*.c)
SERVE_SRC := cmd/chat-serve.c $(filter-out $(NOT_BUILT),$(wildcard cmd/serve/*.c cmd/serve/*/*.c))
LIB_SRC := $(filter-out lib/examples/%,$(wildcard lib/*/*.c))

# libchat, static and shared, is the part that reads and checks messages: no network, no command line.
SHARED = $(addprefix text/,base64 buf_try err json json_string json_value line line_reader utf8) \
	$(addprefix message/,build duplicate_keys file_check finding msg msg_get msg_type rules scan scan_avx2 scan_avx512 \
		scan_neon scan_plain scan_sse2 user_id username validate validate_lines value)
SHARED_SRC = $(SHARED:%=lib/%.c)
SONAME = libchat.so.$(SOVERSION)

# libchat-client, a member of a channel, is above libchat. Of what libchat does not export it has copies.
CLIENT_SRC := $(wildcard lib/client/*.c lib/wire/*.c lib/message/scan*.c) lib/message/encode.c lib/message/rules.c \
	$(patsubst %,lib/text/%.c,buf clock json_quote json_strdup show write_all)
CLIENT_SONAME = libchat-client.so.$(SOVERSION)
CLIENT_LIBS = -lwslay -lidn2 -lcrypto
LIBRARIES = $(addprefix $(BUILD)/,libchat.a $(SONAME) libchat-client.a $(CLIENT_SONAME))

HEADERS := $(wildcard lib/chat/*.h)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB = $(BUILD)/lib.a

# tests/*.mk add to these: the programs, which are all linked in one way, and the objects, each of which
# has a .d file with the headers that it was made of.
PROGRAMS := $(COMMANDS:%=$(BUILD)/%)
OBJECTS = $(call objects,$(wildcard cmd/*.c cmd/*/*.c cmd/serve/*/*.c) $(LIB_SRC)) $(patsubst %.c,$(BUILD)/pic/%.o,$(SHARED_SRC) $(CLIENT_SRC))

.PHONY: all static install uninstall clean help deps-build
.DELETE_ON_ERROR:

ALL = $(COMMANDS:%=$(BUILD)/%) $(LIBRARIES)
all: $(ALL) ## build the commands and the libraries

include $(wildcard tests/*.mk)

$(BUILD)/chat-validate: $(call objects,$(VALIDATE_SRC)) $(LIB)
$(BUILD)/chat-send: $(call objects,$(SEND_SRC)) $(LIB)
$(BUILD)/chat-listen: $(call objects,$(LISTEN_SRC)) $(LIB)
$(BUILD)/chat-serve: $(call objects,$(SERVE_SRC)) $(LIB)
$(PROGRAMS):
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(call objects,$(LIB_SRC))
$(BUILD)/libchat.a: $(call objects,$(SHARED_SRC))
$(BUILD)/pic/libchat.a: $(SHARED_SRC:%.c=$(BUILD)/pic/%.o)
$(BUILD)/libchat-client.a: $(call objects,$(CLIENT_SRC))
$(LIB) $(BUILD)/libchat.a $(BUILD)/pic/libchat.a $(BUILD)/libchat-client.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/$(SONAME): $(SHARED_SRC:%.c=$(BUILD)/pic/%.o) lib/libchat.map Makefile
	$(call say,LD,$@)
	$(Q)$(link_shared) -o $@ $(filter %.o,$^)

$(BUILD)/$(CLIENT_SONAME): $(CLIENT_SRC:%.c=$(BUILD)/pic/%.o) $(BUILD)/$(SONAME) $(BUILD)/pic/libchat.a \
	lib/libchat-client.map
	$(call say,LD,$@)
	$(Q)$(link_shared) -o $@ $(filter-out %.map,$^) $(CLIENT_LIBS)

link_shared = $(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=$(filter %.map,$^) -Wl,-z,relro,-z,now \
	$(if $(SANITIZE),,-Wl,-z,defs) -Wl,--as-needed $(INSTRUMENT) $(LDFLAGS)

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# The page of the browser, as numbers between commas, and as gzip.
$(BUILD)/cmd/serve/web/page.o: $(addprefix $(BUILD)/cmd/serve/web/page.html,.inc .gz.inc)
$(BUILD)/cmd/serve/web/page.html.inc: cmd/serve/web/page.html
	@mkdir -p $(@D)
	$(Q)od -An -v -tu1 <$< | sed 's/[0-9][0-9]*/&,/g' >$@
$(BUILD)/cmd/serve/web/page.html.gz.inc: cmd/serve/web/page.html
	@mkdir -p $(@D)
	$(Q)gzip -9n <$< | od -An -v -tu1 | sed 's/[0-9][0-9]*/&,/g' >$@

$(BUILD)/pic/%.o: %.c $(BUILD)/flags
	$(call say,CC,$< as PIC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -c -o $@ $<

# chat-validate and libchat.a with musl: they need nothing of a machine but its kernel. The headers that musl does not
# have are taken from their packages one by one, since others beside them are the C library's.
MUSL_CC ?= musl-gcc
STATIC = $(BUILD)/static
static: ## chat-validate as one file that runs anywhere, and libchat.a (build/static)
	@mkdir -p $(STATIC)/include
	@ln -sfn $(addprefix /usr/include/,linux asm-generic uthash.h $(shell $(CC) -print-multiarch)/asm) $(STATIC)/include
	@$(MAKE) $(STATIC)/chat-validate $(STATIC)/libchat.a BUILD=$(STATIC) CC='$(MUSL_CC) -isystem $(STATIC)/include' \
		LIB_SRC='$(wildcard lib/text/*.c lib/message/*.c lib/command/*.c)' LIBS= LDFLAGS='-no-pie -static $(LDFLAGS)'

# Other flags are another build: whatever was made with the old ones is made again.
FLAGS = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(HARDENING)
define quoted_flags
'$(subst ','\'',$(FLAGS))'
endef
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(quoted_flags) | cmp -s - $@ || { $(try_hardening) && printf '%s\n' $(quoted_flags) >$@; }

# A flag is used if the compiler has no more to say with it than without it.
define try_hardening
compile() { $(CC) $(CPPFLAGS) $(CFLAGS) "$$@" -include stdio.h -x c -S -o /dev/null /dev/null 2>&1; } && \
	said=$$(compile) || { echo "$$said"; exit 1; } && used= && \
	for flag in $(HARDENING); do \
		if now=$$(compile $$used $$flag) && [ "$$now" = "$$said" ]; then used="$$used $$flag"; fi; \
	done && \
	echo "hardening:$$used" && echo "$$used" >$(@D)/hardening
endef
FORCE:

# ---- installation ----

BASH_DIR = $(DATADIR)/bash-completion/completions
ZSH_DIR = $(DATADIR)/zsh/site-functions
FISH_DIR = $(DATADIR)/fish/vendor_completions.d
MAN1 := $(wildcard man/*.1)
MAN3 := $(wildcard man/*.3)
MAN5 := $(wildcard man/*.5)
MAN7 := $(wildcard man/*.7)

# A page of the library is found by the name of each function that it describes.
functions_of = $(shell awk '/^\.Nd/ { exit } /^\.Nm/ { print $$2 }' $(1))
define links_to
link $(MANDIR)/man3 $(notdir $(1)) $(patsubst %,%.3,$(filter-out $(notdir $(1:.3=)),$(call functions_of,$(1))))

endef

# lib/install.sh puts these there, and takes them away: it says what each line means.
define INSTALLED
755 $(BINDIR) $(COMMANDS:%=$(BUILD)/%)
644 $(LIBDIR) $(LIBRARIES)
link $(LIBDIR) $(SONAME) libchat.so
link $(LIBDIR) $(CLIENT_SONAME) libchat-client.so
fill $(LIBDIR)/pkgconfig lib/chat.pc.in lib/chat-client.pc.in
644 $(INCLUDEDIR)/chat $(HEADERS)
644 $(MANDIR)/man1 $(MAN1)
644 $(MANDIR)/man3 $(MAN3)
$(foreach page,$(MAN3),$(call links_to,$(page)))644 $(MANDIR)/man5 $(MAN5)
644 $(MANDIR)/man7 $(MAN7)
copy $(BASH_DIR) completions/chat.bash $(COMMANDS)
644 $(ZSH_DIR) completions/_chat
644 $(FISH_DIR) $(COMMANDS:%=completions/%.fish)
fill $(UNITDIR) cmd/serve/systemd/chat-serve.service.in
644 $(UNITDIR) cmd/serve/systemd/chat-serve.socket
fill $(USERUNITDIR) cmd/serve/systemd/user/chat-serve.service.in
644 $(USERUNITDIR) cmd/serve/systemd/chat-serve.socket
endef

# Root makes nothing in the build directory of another user: what is built there is installed as it is.
ifneq ($(filter install,$(MAKECMDGOALS)),)
ALREADY_BUILT := $(shell lib/install.sh is-built '$(BUILD)' $(ALL) || echo stale)
ifneq ($(filter stale,$(ALREADY_BUILT)),)
$(error nothing is installed)
endif
endif

TOLD = INSTALLED BUILD VERSION DESTDIR PREFIX BINDIR LIBDIR INCLUDEDIR DATADIR MANDIR UNITDIR USERUNITDIR
$(foreach name,$(TOLD),$(eval install uninstall: export $(name) := $$($(name))))
install uninstall: export AS_GIVEN := $(value DESTDIR)$(value PREFIX)

install: $(if $(ALREADY_BUILT),,all) ## install everything under DESTDIR and PREFIX
	$(Q)lib/install.sh install

uninstall: ## remove what install put there
	$(Q)lib/install.sh uninstall

clean: ## remove what was built
	$(call say,RM,$(BUILD))
	$(Q)rm -rf $(BUILD)

# ---- packages ----

# $(call install_packages,NAMES): those that are missing, if any, by apt-get.
define install_packages
	@missing=$$(for name in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}' $$name 2>/dev/null | grep -qx installed || echo $$name; \
	done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	echo 'installing' $$missing; \
	if [ "$$(id -u)" -ne 0 ]; then \
		command -v sudo >/dev/null || { echo 'that takes root, or sudo' >&2; exit 1; }; \
		sudo='sudo'; \
	fi; \
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $$missing
endef

deps-build: ## install only what is missing to build and run
	$(call install_packages,$(BUILD_PACKAGES))

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#=]*## \(.*\)/\1|\2/p' Makefile tests/*.mk | LC_ALL=C sort -t'|' -k1,1 | \
		while IFS='|' read -r target about; do printf '  %-15s %s\n' "$$target" "$$about"; done

-include $(wildcard $(OBJECTS:.o=.d))
