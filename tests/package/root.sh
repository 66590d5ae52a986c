# shellcheck shell=bash
#
# Sourced, after tests/lib.sh, by the tests that need a root of Debian to install packages in. They need root, and skip
# where no root can be made.

[ "$(id -u)" -eq 0 ] || skip_all 'takes root'
command -v mmdebstrap >/dev/null || skip_all 'there is no mmdebstrap (make deps-check-deb)'
unshare --mount --pid --fork true 2>/dev/null || skip_all 'no namespaces here'

# source_lines RELEASE: its sources.list, with the addresses that this machine's apt has for Debian.
source_lines() {
	apt-get indextargets --format '$(REPO_URI) $(LABEL) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		awk -v suite="$1" '$3 != "main" || told[$2]++ { next }
			$2 == "Debian" { print "deb " $1 " " suite " main" }
			$2 == "Debian-Security" { print "deb " $1 " " suite "-security main" }' | LC_ALL=C sort
}

# make_root RELEASE [PACKAGES]: the root is $ROOT, with these packages (NAME,NAME) beside its base, and the list of packages
# of apt. It is kept in the build directory for the next test, for a day.
make_root() {
	local kept=$BUILD/roots/$1-${2:-base}.tar
	ROOT=$TMP/root
	mkdir -p "$BUILD/roots" "$ROOT"
	exec 8>"$BUILD/roots/lock"
	flock 8
	if [ -z "$(find "$kept" -mmin -1440 2>/dev/null)" ]; then
		source_lines "$1" >"$TMP/sources"
		[ -s "$TMP/sources" ] || skip_all 'apt knows no archive of Debian here'
		mmdebstrap --mode=root --variant=minbase ${2:+--include="$2"} --skip=cleanup/apt/lists --quiet \
			"$1" "$TMP/root.tar" "$TMP/sources" >"$OUT" 2>&1 ||
			skip_all "no root of $1 could be made: $(grep '^E:' "$OUT" | head -n 1)"
		mv "$TMP/root.tar" "$kept"
	fi
	exec 8>&-
	tar -xpf "$kept" -C "$ROOT" --exclude './dev/*'
	cp /etc/resolv.conf /etc/hosts "$ROOT/etc/"
}

# with_devices COMMAND…: runs it here, while $ROOT has /proc and /dev, in namespaces of its own: nothing of it is left.
with_devices() {
	# shellcheck disable=SC2016 # that shell's
	unshare --mount --pid --fork --ipc --uts --kill-child bash -c '
		set -e
		root=$1
		shift
		mount --make-rprivate /
		mount -t proc proc /proc
		mount -t proc proc "$root/proc"
		mount -t tmpfs -o mode=755 dev "$root/dev"
		mkdir "$root/dev/shm"
		chmod 1777 "$root/dev/shm"
		for device in null zero full random urandom tty; do
			touch "$root/dev/$device"
			mount --bind "/dev/$device" "$root/dev/$device"
		done
		ln -s /proc/self/fd "$root/dev/fd"
		for number in 0,stdin 1,stdout 2,stderr; do
			ln -s "/proc/self/fd/${number%,*}" "$root/dev/${number#*,}"
		done
		exec "$@"' with_devices "$ROOT" "$@"
}

# in_root COMMAND…: runs it in $ROOT.
in_root() {
	with_devices env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin chroot "$ROOT" "$@"
}

# build_in_root RELEASE DIR [ARCHITECTURE]: builds the binary packages of $PACKAGES's source in a root of the release, for
# another architecture if one is given, and puts them and the log into the directory. What a foreign architecture needs is
# installed beside this one's: libwslay-dev cannot be, but it is needed for one alone.
build_in_root() {
	local suite=$1 dir=$2 arch=${3-}
	make_root "$suite" build-essential,fakeroot
	mkdir "$ROOT/build"
	cp "$PACKAGES"/*.dsc "$PACKAGES"/*.orig.tar.gz "$PACKAGES"/*.debian.tar.xz "$ROOT/build"
	# shellcheck disable=SC2016 # the root's
	in_root sh -c '
		set -ex
		cd /build
		arch=$1
		if [ -n "$arch" ]; then
			dpkg --add-architecture "$arch"
			apt-get -q update
			apt-get -q -y --no-install-recommends install "crossbuild-essential-$arch"
			set -- -a "$arch" -P cross,nocheck
			export DEB_BUILD_OPTIONS=nocheck
		else
			set --
		fi
		apt-get -q -y --no-install-recommends build-dep "$@" ./*.dsc
		dpkg-source --no-check -x ./*.dsc tree
		chown -R nobody: .
		cd tree
		runuser -u nobody -- dpkg-buildpackage -us -uc -b ${arch:+-a"$arch" -Pcross,nocheck}' build "$arch" >"$TMP/log" 2>&1 || return 1
	rm -rf "$dir"
	mkdir -p "$dir"
	find "$ROOT/build" -maxdepth 1 -type f -exec cp {} "$dir" \;
	cp "$TMP/log" "$dir"
}
