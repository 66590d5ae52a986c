#!/bin/bash
#
# `make install` puts everything where it belongs; manual, completions and library work from there; `make
# uninstall` removes all of it.

. tests/lib.sh

root=$TMP/root
mkdir "$TMP/build" # of its own, because make notes there which directories it made
ln -s "$BUILD"/{chat-*,lib*} "$TMP/build"
make_quietly() {
	make -o all "$@" BUILD="$TMP/build" DESTDIR="$root" PREFIX=/usr >"$OUT" 2>"$ERR"
}

make_quietly install
ok 'make install' || diag "$(cat "$ERR")"

for file in bin/chat-{serve,send,listen,validate} lib/libchat{,-client}.{a,so.0,so} \
	lib/pkgconfig/chat{,-client}.pc include/chat/{base64,build,err,json,line_reader,member,msg,span,type,utf8,validate}.h \
	share/man/man1/chat-{serve,send,listen,validate}.1 share/man/man7/chat{,-cookbook,-protocol}.7 \
	lib/systemd/{system,user}/chat-serve.{service,socket} \
	share/bash-completion/completions/chat-{serve,send,listen,validate} \
	share/zsh/site-functions/_chat share/fish/vendor_completions.d/chat-{serve,send,listen,validate}.fish; do
	[ -s "$root/usr/$file" ]
	ok "/usr/$file"
done
is "$(find "$root" -path "$root/usr" -prune -o ! -path "$root" -print)" '' 'nothing outside of the prefix'
is "$(find "$root" ! -perm -a+r -print)" '' 'everybody can read all of it'

# ---- the commands and their manual ----

# page NAME [SECTION]: prints the manual page, without what makes letters bold on a printer.
page() {
	mman -c -M "$root/usr/share/man" ${2+-s "$2"} "$1" 2>/dev/null | sed 's/.\x08//g'
}

for command in chat-serve chat-send chat-listen chat-validate; do
	like "$("$root/usr/bin/$command" --version)" "^$command .*[0-9]+\.[0-9]+" "$command says its version"
	is "$(mman -M "$root/usr/share/man" -w "$command" 2>/dev/null)" "$root/usr/share/man/man1/$command.1" "man $command"
	like "$(page "$command")" 'EXIT STATUS' "man $command shows it"
done
like "$(page chat-protocol 7)" 'userStatus' 'man chat-protocol shows it'

# ---- completion, as a shell that knows only the tree does it ----

# completes WORD…: what bash offers for the last word.
completes() {
	XDG_DATA_DIRS=$root/usr/share HOME=$TMP bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		_completion_loader "$1"
		function=$(complete -p "$1" | sed -n "s/.* -F \([^ ]*\) .*/\1/p")
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=$((${#COMP_LINE})) COMPREPLY=()
		"$function" "$1" "${!#}" "${COMP_WORDS[$# - 2]}"
		printf "%s\n" "${COMPREPLY[@]}" | sed "s/ *$//"' bash "$@" 2>/dev/null
}

is "$(completes chat-send --user)" --username= 'bash completes an option'
like "$(completes chat-serve --li)" '^--listen' 'of chat-serve'
like "$(completes chat-validate --from s)" '^server$' 'bash completes a value'
like "$(completes chat-listen -)" '--no-self' 'of chat-listen'

zsh -f -c 'fpath=('"$root"'/usr/share/zsh/site-functions $fpath); autoload -Uz compinit && compinit -u -d '"$TMP"'/zcompdump
	[[ $_comps[chat-send] = _chat && $_comps[chat-serve] = _chat ]] && autoload +X _chat' >"$OUT" 2>&1
ok 'zsh finds the completion' || diag "$(cat "$OUT")"
like "$(XDG_DATA_DIRS=$root/usr/share fish -c 'complete -C "chat-send --user"' 2>&1)" '--username' \
	'fish completes an option'

# ---- the service ----

units=$root/usr/lib/systemd/system
like "$(cat "$units/chat-serve.service")" 'ExecStart=/usr/bin/chat-serve ' 'a unit that starts what is installed'
if command -v systemd-analyze >/dev/null; then
	ln -s "$BUILD/chat-serve" "$TMP/chat-serve"
	mkdir "$TMP/units"
	sed "s|/usr/bin/|$TMP/|; /^Documentation=/d" "$units/chat-serve.service" >"$TMP/units/chat-serve.service"
	sed '/^Documentation=/d' "$units/chat-serve.socket" >"$TMP/units/chat-serve.socket"
	exits 0 'systemd finds no flaw in it' systemd-analyze verify "$TMP/units"/*
	is "$(cat "$OUT" "$ERR")" '' 'and has nothing to say'
	mkdir "$TMP/user-units"
	sed "s|/usr/bin/|$TMP/|; /^Documentation=/d" "${units%/*}/user/chat-serve.service" >"$TMP/user-units/chat-serve.service"
	cp "$TMP/units/chat-serve.socket" "$TMP/user-units"
	XDG_RUNTIME_DIR=$TMP exits 0 'nor in the units of a user' systemd-analyze --user verify "$TMP/user-units"/*
	is "$(cat "$OUT" "$ERR")" '' 'of which it says nothing either'
	exits 0 'and an exposure of at most 2.0' systemd-analyze security --offline=true --threshold=20 \
		"$TMP/units/chat-serve.service"
fi

# ---- the library ----

cat >"$TMP/program.c" <<'END'
#include <chat/msg.h>
#include <stdio.h>

int
main(void)
{
	struct chat_msg msg;
	struct chat_err err;

	if (chat_msg_read(&msg, CHAT_SPAN("{\"type\":\"text\",\"text\":\"hi\"}"), CHAT_FROM_CLIENT, &err) < 0)
		return 1;
	puts(chat_type_word(msg.type));
	return chat_msg_read(&msg, CHAT_SPAN("{\"type\":\"text\"}"), CHAT_FROM_CLIENT, &err) == 0;
}
END
chat_pc() {
	PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/pkgconfig PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 pkg-config "$@" chat
}

# An instrumented library wants its run-time.
read -ra sanitize < <(grep -oE -e '-fsanitize=[^ ]*|--coverage' "$BUILD/flags" | head -n 1)
read -ra cflags < <(chat_pc --cflags)
read -ra libs < <(chat_pc --libs)
like "$(chat_pc --modversion)" '^[0-9]+\.[0-9]+\.[0-9]+$' 'chat.pc has a version'

cc "${sanitize[@]}" "${cflags[@]}" -o "$TMP/shared" "$TMP/program.c" "${libs[@]}" >"$OUT" 2>&1
ok 'a program links the shared library' || diag "$(cat "$OUT")"
is "$(LD_LIBRARY_PATH=$root/usr/lib "$TMP/shared")" text 'and runs with it'
like "$(readelf -d "$TMP/shared")" 'NEEDED.*libchat\.so\.0' 'by its versioned name'

cc "${sanitize[@]}" "${cflags[@]}" -o "$TMP/static" "$TMP/program.c" "$root/usr/lib/libchat.a" >"$OUT" 2>&1
ok 'the static library needs no other library' || diag "$(cat "$OUT")"
is "$("$TMP/static")" text 'and runs'

read -ra libs < <(chat_pc --static --libs)
cc "${sanitize[@]}" "${cflags[@]}" -o "$TMP/static" "$TMP/program.c" -Wl,--whole-archive -Wl,-Bstatic "${libs[@]}" \
	-Wl,-Bdynamic -Wl,--no-whole-archive >"$OUT" 2>&1
ok 'pkg-config --static names what the whole of it needs' || diag "$(cat "$OUT")"

# ---- the library of the client ----

client_pc() {
	PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/pkgconfig PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 pkg-config "$@" chat-client
}

read -ra libs < <(client_pc --cflags --libs)
cc "${sanitize[@]}" -o "$TMP/bot" lib/examples/bot.c "${libs[@]}" >"$OUT" 2>&1
ok 'the example links the shared libraries' || diag "$(cat "$OUT")"
LD_LIBRARY_PATH=$root/usr/lib "$TMP/bot" http://localhost/ 2>"$ERR"
is "$? $(grep -c 'ws://' "$ERR")" '64 1' 'and runs with them'
read -ra libs < <(client_pc --static --cflags --libs | sed -E 's/-l(chat[^ ]*)/-l:lib\1.a/g')
cc "${sanitize[@]}" -o "$TMP/bot" lib/examples/bot.c "${libs[@]}" >"$OUT" 2>&1
ok 'pkg-config --static names what the static ones need' || diag "$(cat "$OUT")"
unlike "$(readelf -d "$TMP/bot")" 'libchat' 'and the example loads neither'

# ---- and back ----

echo "another package's file" >"$root/usr/share/other"
make_quietly uninstall
ok 'make uninstall'
is "$(find "$root" ! -type d)" "$root/usr/share/other" 'leaves nothing behind but what others put there'

done_testing
