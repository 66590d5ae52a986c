#!/bin/bash
#
# in-root.sh RELEASE ARCH USER TARGET…: README.md's commands for `make TARGET`, exactly as they stand there, each in a
# root of its own: a new Debian RELEASE of ARCH with nothing but its base, and this source tree. As USER root, root types
# all of the command. As any other USER, root types what comes before its last part (the packages), and an ordinary user
# of that name its last part, the `make TARGET`. What this machine cannot run is run in an emulated one.
#
# Prints what the commands print, then the time, the download and the disk that each took. The root comes from the
# archive of Debian that apt is told of here, or from those in the file SOURCES (sources.list(5); of Ubuntu, say), and is
# gone in the end. Where no root can be made, that is said, and no failure.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
release=$1 arch=$2 user=$3
shift 3
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
chmod 755 "$tmp" # for the user that is root in a namespace
export TMPDIR=$tmp

skip() {
	echo "in-root.sh: skipped: $1"
	exit 0
}

# source_lines: the root's sources.list, with the addresses that this machine's apt has for Debian. Where that is
# another distribution, or not told, it prints nothing.
source_lines() {
	apt-get indextargets --format '$(REPO_URI) $(LABEL) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
		awk -v release="$release" '$3 != "main" || told[$2]++ { next }
			$2 == "Debian" { print "deb " $1 " " release " main" }
			$2 == "Debian-Security" { print "deb " $1 " " release "-security main" }' | LC_ALL=C sort
}

# make_root FORMAT TARGET OPTION…: a root with this source tree, and what mmdebstrap is to do with it.
make_root() {
	"${alone[@]}" mmdebstrap --mode="$mode" --architectures="$arch" --variant=minbase --include=apt --format="$1" --quiet \
		--customize-hook="touch $tmp/made" \
		--customize-hook='mkdir "$1/src"' --customize-hook="tar-in $tmp/chat.tar /src" \
		"${@:3}" "$release" "$2" "$tmp/sources" 2>&1
}

# in_root TARGET: only root may write to /dev/shm, and open a terminal, in a root that is made by mmdebstrap.
in_root() {
	make_root null /dev/null --customize-hook='chmod 1777 "$1/dev/shm"' \
		--customize-hook='umount "$1/dev/pts" && mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts "$1/dev/pts"' \
		--customize-hook="chroot \"\$1\" /src/chat/tests/release/readme.sh $1 $user" \
		--customize-hook='umount -q "$1/run/netns" || :'
}

# ---- another machine ----

# Where this machine cannot run the programs of arm64, the root is the disk of one that qemu emulates, with Debian's
# kernel for it: qemu-user, which makes the root, has no seccomp, and without that chat-serve does not start.

# What a program of arm64 begins with, and which bits of that count.
ELF=':qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
ELF+=':\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'

# emulated COMMAND…: runs it where the kernel starts programs of arm64 with qemu-user. The kernel is told so in a user
# namespace that has all ids; elsewhere nothing changes. Before Linux 6.7 it can be told only for the whole machine.
emulated() {
	mkfifo "$tmp/pid" "$tmp/mapped" || return
	{
		read -r pid <"$tmp/pid"
		for ids in uid_map gid_map; do # which can be written only from outside
			awk '{ print $1, $1, $3 }' "/proc/self/$ids" >"/proc/$pid/$ids"
		done
		echo >"$tmp/mapped"
	} &
	unshare --user --mount bash -c 'echo "$$" >"$0/pid" && read -r _ <"$0/mapped"
		mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc && printf "%s" "$1" >/proc/sys/fs/binfmt_misc/register
		exec unshare --pid --fork --kill-child --mount-proc "${@:2}"' \
		"$tmp" "$ELF:$(command -v qemu-aarch64-static):FPOC" "$@"
}

# make_disk: what a root has not, and a machine has: drivers, and what loads them and gives it an address.
make_disk() {
	local package="apt-cache depends linux-image-cloud-$arch | awk '/Depends: linux-image-/ { print \$2; exit }'"
	make_root directory "$tmp/root" --include=kmod,iproute2 --customize-hook="cd $tmp &&
		export APT_CONFIG=\$MMDEBSTRAP_APT_CONFIG && apt-get download -qq -o APT::Sandbox::User=root \$($package)" || return
	dpkg-deb -x "$tmp"/linux-image-*.deb "$tmp/kernel" &&
		mv "$(find "$tmp/kernel" -path '*/lib/modules')" "$tmp/root/usr/lib/modules" &&
		mke2fs -q -t ext4 -d "$tmp/root" "$tmp/disk" 12G >"$tmp/why" && rm -rf "$tmp/root"
}

# in_machine TARGET: what is written to the disk is kept only while the machine runs.
in_machine() {
	local start=(console=ttyAMA0 quiet panic=-1 root=/dev/nvme0n1 rw init=/src/chat/tests/release/init.sh)
	start+=("CHAT_TEST_SLOWNESS=${CHAT_TEST_SLOWNESS:-10}" -- "$1" "$user")
	[ -e "$tmp/disk" ] || make_disk || return
	qemu-system-aarch64 -M virt -cpu neoverse-n1 -smp "${MACHINE_CPUS:-$(nproc)}" -m 2G -no-reboot \
		-nodefaults -nographic -serial stdio -kernel "$tmp"/kernel/boot/vmlinuz-* -append "${start[*]}" \
		-drive "if=none,id=disk,format=raw,file=$tmp/disk,snapshot=on" -device nvme,drive=disk,serial=1 \
		-netdev user,id=net -device virtio-net-pci,netdev=net,romfile= </dev/null
}

# ---- what is run ----

command -v mmdebstrap >/dev/null || skip 'there is no mmdebstrap (make deps-release)'
if [ "$(id -u)" -eq 0 ]; then
	mode=root
	alone=(unshare --mount --propagation private) # what is mounted in the root goes with it
	unshare --mount --pid --fork true 2>"$tmp/why" || skip "$(cat "$tmp/why")"
else
	mode=unshare
	alone=()
	unshare --user --map-root-user true 2>"$tmp/why" || skip "$(cat "$tmp/why")"
fi
if [ -n "${SOURCES-}" ]; then
	cp "$SOURCES" "$tmp/sources" || exit 1
else
	source_lines >"$tmp/sources"
fi
[ -s "$tmp/sources" ] || skip 'apt knows no archive of Debian here'
in=in_root
if [ "$arch" != "$(dpkg --print-architecture)" ] && ! arch-test -n "$arch" >/dev/null 2>&1; then
	[ "$arch" = arm64 ] || skip "nothing here runs the programs of $arch (make deps-release ARCH=$arch)"
	[ "$mode" = root ] || skip 'only root makes the root of another machine'
	for tool in qemu-system-aarch64 qemu-aarch64-static arch-test; do
		command -v "$tool" >/dev/null || skip "there is no $tool (make deps-release ARCH=$arch)"
	done
	unshare --user --mount true 2>"$tmp/why" || skip "$(cat "$tmp/why")"
	in=in_machine
	alone=(emulated)
fi

# What a clone would have, as the files are now.
{ git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path './build/*' -print0; } |
	LC_ALL=C sort -z | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
	tar -c --null --files-from=- --owner=0 --group=0 --transform='s|^\./||;s|^|chat/|' -f "$tmp/chat.tar" || exit 1

failed=0
for target; do
	"$in" "$target" | tee "$tmp/log"
	[ -e "$tmp/made" ] || skip "no root of $release could be made: $(grep '^E:' "$tmp/log" | head -n 1)"
	grep '^README: ' "$tmp/log" | tee -a "$tmp/results" | grep -q ': exit status 0,' || failed=1
done
cat "$tmp/results"
exit "$failed"
