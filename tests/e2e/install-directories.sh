#!/bin/bash
#
# `make install` leaves the directories that it finds as they are, and `make uninstall` leaves what was there before:
# whatever DESTDIR is called, with any umask, once and twice. As root, install makes nothing in another user's build.

. tests/lib.sh

mkdir "$TMP/build"
ln -s "$BUILD"/{chat-*,lib*} "$TMP/build"

# make_in DESTDIR TARGET [VARIABLE=VALUE…]: output in $OUT and $ERR.
make_in() {
	local root=${1//\$/\$\$} target=$2
	shift 2
	make -o all "$target" BUILD="$TMP/build" PREFIX=/usr "$@" DESTDIR="$root" >"$OUT" 2>"$ERR"
}

# listing DIR: type, mode, owner, name, and where a link leads, of all in it.
listing() {
	find "$1" -printf '%y %m %u %g %P -> %l\n' | LC_ALL=C sort -k5
}

# ---- twice there, twice back ----

parent=$TMP/"it's \"one\" of \$mine & a %"
root=$parent/root
mkdir -p "$root"/usr/{bin,lib/pkgconfig,share/man/man1,include}
echo foreign >"$root/usr/share/man/man1/other.1"
chmod 0700 "$root/usr" "$root/usr/share/man"
chmod 2775 "$root/usr/lib" "$root/usr/bin"
chmod 0500 "$parent"
listing "$root" >"$TMP/before"

umask 077
make_in "$root" install
ok 'make install' || diag "$(cat "$ERR")"
is "$(cat "$OUT" "$ERR")" '' 'says nothing, with DESTDIR'
listing "$root" >"$TMP/installed"
is "$(LC_ALL=C comm -23 <(LC_ALL=C sort "$TMP/before") <(LC_ALL=C sort "$TMP/installed"))" '' \
	'what was there has the mode and owner that it had'
is "$(LC_ALL=C comm -13 <(LC_ALL=C sort "$TMP/before") <(LC_ALL=C sort "$TMP/installed") |
	grep -vE '^(d 2?755|f 644|l 777) |^f 755 [^ ]+ [^ ]+ usr/bin/')" '' \
	'what came is for everybody to read, though the umask is 077'
make_in "$root" install
ok 'make install again' || diag "$(cat "$ERR")"
same <(listing "$root") "$TMP/installed" 'changes nothing'

make_in "$root" uninstall
ok 'make uninstall' || diag "$(cat "$ERR")"
same <(listing "$root") "$TMP/before" 'leaves what was there before, empty directories too, and nothing else'
make_in "$root" uninstall
ok 'make uninstall again' || diag "$(cat "$ERR")"
same <(listing "$root") "$TMP/before" 'changes nothing'
is "$(ls "$TMP/build/directories" 2>&1)" "ls: cannot access '$TMP/build/directories': No such file or directory" \
	'nothing stays noted in the build directory'

# ---- what others put into its directories ----

make_in "$TMP/shared" install
umask 022
echo foreign >"$TMP/shared/usr/include/chat/other.h"
make_in "$TMP/shared" uninstall
is "$(find "$TMP/shared" -printf '%P ' | sed 's/^ *//')" \
	'usr usr/include usr/include/chat usr/include/chat/other.h ' "a directory with another's file stays"
rm "$TMP/shared/usr/include/chat/other.h"
make_in "$TMP/shared" uninstall
[ ! -e "$TMP/shared" ]
ok 'and goes when that has gone, DESTDIR too if it was made'

mkdir "$TMP/links" "$TMP/elsewhere"
ln -s "$TMP/elsewhere" "$TMP/links/usr"
make_in "$TMP/links" install
[ -x "$TMP/elsewhere/bin/chat-send" ]
ok 'a directory may be a symbolic link'
make_in "$TMP/links" uninstall
is "$(find "$TMP/links" "$TMP/elsewhere" -printf '%P ')" ' usr  ' 'and stays one'

# ---- names ----

relative=$(realpath --relative-to="$TOP" "$TMP/relative")
make_in "$relative" install
[ -x "$TMP/relative/usr/bin/chat-send" ]
ok 'a relative DESTDIR is one from the top directory on'
make_in "$relative" uninstall
[ ! -e "$TMP/relative" ]
ok 'for uninstall, too'

mkdir "$TMP/target"
refuses() {
	exits 2 "$1" make -o all "$2" BUILD="$TMP/build" "${@:4}"
	like "$(cat "$ERR")" "$3" 'with a clear word'
	is "$(ls -A "$TMP/target")" '' 'and puts nothing anywhere'
}
refuses 'a $ that make would take for a variable is refused' install 'make wants \$\$ for \$' DESTDIR="$TMP/target/\$x"
refuses 'of PREFIX, too' install 'make wants \$\$ for \$' PREFIX="$TMP/target/\$x"
refuses 'by uninstall, too' uninstall 'make wants \$\$ for \$' DESTDIR="$TMP/target/\$x"
refuses 'a relative PREFIX is refused' install 'PREFIX: not a path from / on' PREFIX=usr DESTDIR="$TMP/target"
refuses 'and one with a space' install 'PREFIX: only DESTDIR' PREFIX=/a\ b DESTDIR="$TMP/target"

# ---- what it says in the end ----

exits 0 'make install without DESTDIR' make -o all install BUILD="$TMP/build" PREFIX="$TMP/opt"
like "$(cat "$OUT")" "are in $TMP/opt\\." 'says where it is'
like "$(cat "$OUT")" 'chat-serve  .*starts a server' 'and how to start'
unlike "$(cat "$OUT")" 'ldconfig|systemctl|MANPATH' 'and nothing that is of no use for this prefix'
sed -n 's/^  \(export .*\)/\1/p' "$OUT" >"$TMP/exports"
(
	# shellcheck source=/dev/null
	. "$TMP/exports"
	hash -r
	[ "$(command -v chat-send)" = "$TMP/opt/bin/chat-send" ] && [ "$(man -w chat-send)" = "$TMP/opt/share/man/man1/chat-send.1" ] &&
		[ "$(pkg-config --variable=prefix chat)" = "$TMP/opt" ]
)
ok 'after the lines that it says, shell, man and pkg-config find it' || diag "$(cat "$OUT")"
make -o all uninstall BUILD="$TMP/build" PREFIX="$TMP/opt" >"$OUT" 2>&1
[ ! -e "$TMP/opt" ]
ok 'and uninstall removes the prefix that it made'

# ---- as root, what a user has built ----

if [ "$(id -u)" -eq 0 ]; then
	mkdir "$TMP/clone"
	cp -a Makefile lib cmd man completions tests "$TMP/clone"
	mkdir "$TMP/clone/build"
	cp -a "$BUILD"/{chat-*,lib*,flags,hardening} "$TMP/clone/build"
	find "$TMP/clone/build" -exec touch -d '1 minute' {} +
	chown -R nobody "$TMP/clone"
	exits 0 'root installs what a user built, with other flags in the environment' \
		env CFLAGS=-O3 make -C "$TMP/clone" install BUILD=build PREFIX=/usr DESTDIR="$TMP/as-root"
	is "$(find "$TMP/clone/build" ! -user nobody -printf '%P ')" 'directories ' 'and makes nothing there'
	same "$TMP/as-root/usr/bin/chat-send" "$BUILD/chat-send" 'it is what the user built'
	find "$TMP/clone/build" -exec touch -d '2 days ago' {} +
	exits 2 'what is older than its sources is not installed' \
		make -C "$TMP/clone" install BUILD=build PREFIX=/usr DESTDIR="$TMP/stale"
	like "$(cat "$ERR")" 'sources have changed: run make' 'make says what to do'
	[ ! -e "$TMP/stale" ]
	ok 'nothing is installed'
else
	result 0 "root installs what a user built # SKIP only root can"
fi

chmod 0700 "$parent" # so that another user than root can remove it
done_testing
