#!/bin/bash
#
# install.sh install|uninstall: puts what $INSTALLED lists under $DESTDIR, or takes it away. The Makefile runs it and sets
# the variables. A line of $INSTALLED is one of
#
#	MODE DIR FILE…       each file goes to the directory, with this mode
#	copy DIR FILE NAME…  the file goes there under each of the names
#	fill DIR FILE.in…    each file without .in, with the value of the variable NAME for @NAME@
#	link DIR TO NAME…    each NAME is a symbolic link to TO
#
# A directory that exists is left as it is; a missing one is made, with mode 0755, and noted in $BUILD/directories:
# uninstall removes it again if it is empty. Without $DESTDIR, install ends by saying what to do next.
#
# install.sh is-built BUILD FILE…: prints yes if root has to install these files as another user built them; fails if
# sources have changed since.

set -eu

die() {
	printf 'make %s: %s\n' "$action" "$1" >&2
	exit 1
}

# ---- names ----

# make reads $x in a value as its variable x, which is empty: the files would go elsewhere.
check_dollars() {
	if printf '%s' "$AS_GIVEN" | sed 's/\$\$//g; s/\$[({]//g' | grep -q '\$'; then
		die 'in DESTDIR and PREFIX, make wants $$ for $'
	fi
}

# Only DESTDIR may have any name: the others are words in chat.pc and in units.
check_names() {
	for name in PREFIX BINDIR LIBDIR INCLUDEDIR DATADIR MANDIR UNITDIR USERUNITDIR; do
		value=
		eval "value=\$$name"
		case $value in
		*[[:space:]\'\"\\\$\&\|\;\<\>\(\)\*\?\[\#%:]*) die "$name: only DESTDIR may have such a name: $value" ;;
		/*) ;;
		'') [ "$name" = PREFIX ] || die "$name is empty" ;;
		*) die "$name: not a path from / on: $value" ;;
		esac
	done
}

# ---- directories ----

make_dir() {
	if [ -n "$1" ] && [ ! -d "$1" ]; then
		make_dir "${1%/*}"
		(umask 022 && mkdir -- "$1")
		printf '%s\n' "$1" >>"$noted" || :
	fi
}

# drop_dir DIR: removes it, and those above it, as long as they are noted and empty.
drop_dir() {
	dir=$1
	while [ -e "$noted" ] && grep -Fqx -e "$dir" "$noted" && rmdir -- "$dir" 2>/dev/null; do
		dir=${dir%/*}
	done
}

# Keeps the notes of those that are still there.
keep_notes() {
	[ -e "$noted" ] || return 0
	sort -u "$noted" | while IFS= read -r dir; do
		[ ! -d "$dir" ] || printf '%s\n' "$dir"
	done >"$noted.new"
	if [ -s "$noted.new" ]; then
		mv -f "$noted.new" "$noted"
	else
		rm -f "$noted" "$noted.new"
	fi
}

# ---- files ----

filled() {
	sed "s|@VERSION@|$VERSION|g; s|@PREFIX@|$PREFIX|g; s|@BINDIR@|$BINDIR|g; s|@LIBDIR@|$LIBDIR|g
		s|@INCLUDEDIR@|$INCLUDEDIR|g" "$1"
}

# put KIND DIR FILE…: one line of the list.
put() {
	kind=$1 dir=$2
	shift 2
	make_dir "$dir"
	case $kind in
	copy)
		from=$1
		shift
		for name; do install -m 644 -T "$from" "$dir/$name"; done
		;;
	fill)
		for from; do
			text=$(filled "$from")
			name=${from##*/}
			printf '%s\n' "$text" | install -m 644 -T /dev/stdin "$dir/${name%.in}"
		done
		;;
	link)
		to=$1
		shift
		for name; do ln -sfT "$to" "$dir/$name"; done
		;;
	*) for from; do install -m "$kind" -T "$from" "$dir/${from##*/}"; done ;;
	esac
}

# take KIND DIR FILE…: takes away what put made of this line.
take() {
	kind=$1 dir=$2
	shift 2
	case $kind in copy | link) shift ;; esac
	for name; do
		name=${name##*/}
		[ "$kind" != fill ] || name=${name%.in}
		rm -f -- "$dir/$name" || status=1
	done
	drop_dir "$dir"
}

# each DO: runs put or take for each line of the list.
each() {
	while read -r kind dir names; do
		# shellcheck disable=SC2086 # these are words, without spaces
		"$1" "$kind" "$DESTDIR$dir" $names </dev/null
	done <<-END
		$INSTALLED
	END
}

# ---- what was built by another user ----

# is_built BUILD FILE…
is_built() {
	[ "$(id -u)" -eq 0 ] && [ -e "$1" ] && [ "$(stat -c %u "$1")" -ne 0 ] || return 1
	shift
	newest=$1
	for file; do
		[ -e "$file" ] || return 1
		[ "$newest" -nt "$file" ] || newest=$file
	done
	[ -z "$(find lib cmd -name '*.[ch]' -newer "$newest")" ] ||
		die 'sources have changed: run make, as the user who built, and install again'
}

# ---- what to do next ----

searched_by_linker() {
	/sbin/ldconfig -N -v 2>/dev/null | cut -d' ' -f1 | grep -Fqx "$LIBDIR:"
}

say() {
	printf '  %-40s # %s\n' "$1" "$2"
}

what_next() {
	echo "chat-serve, chat-send, chat-listen, chat-validate and libchat $VERSION are in ${PREFIX:-/}."
	if searched_by_linker; then
		say ldconfig 'lets programs find libchat; as root'
	else
		say "export LD_LIBRARY_PATH=$LIBDIR" 'lets programs find libchat'
		say "export PKG_CONFIG_PATH=$LIBDIR/pkgconfig" 'lets pkg-config find it'
	fi
	case :$PATH: in
	*:"$BINDIR":*) ;;
	*) say "export PATH=$BINDIR:\$PATH" 'lets the shell find the commands' ;;
	esac
	case $MANDIR in
	"${BINDIR%/bin}/share/man" | "${BINDIR%/bin}/man" | /usr/share/man | /usr/local/share/man) ;;
	*) say "export MANPATH=$MANDIR:" 'lets man find the pages' ;;
	esac
	say chat-serve 'starts a server; `man chat` is the tour'
	case $UNITDIR in
	/usr/lib/systemd/system | /lib/systemd/system | /usr/local/lib/systemd/system)
		[ ! -d /run/systemd/system ] ||
			say 'systemctl daemon-reload && systemctl enable --now chat-serve.socket' 'makes it a service'
		;;
	esac
}

action=$1
if [ "$action" = is-built ]; then
	shift
	action=install
	! is_built "$@" || echo yes
	exit 0
fi

noted=$BUILD/directories
case $BUILD in /*) ;; *) noted=$PWD/$noted ;; esac
case $DESTDIR in '' | /*) ;; *) DESTDIR=$PWD/$DESTDIR ;; esac
DESTDIR=${DESTDIR%/}
check_dollars
check_names

case $action in
install)
	each put
	[ -n "$DESTDIR" ] || what_next
	;;
uninstall)
	status=0
	each take
	keep_notes
	exit "$status"
	;;
esac
