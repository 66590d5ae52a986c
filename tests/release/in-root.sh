#!/bin/bash
#
# in-root.sh RELEASE USER TARGET…: README.md's commands for `make TARGET`, exactly as they stand there, each in a root of
# its own: a new Debian RELEASE with nothing but its base, and this source tree. As USER root, root types all of the
# command. As any other USER, root types what comes before its last part (the packages), and an ordinary user of that
# name its last part, the `make TARGET`.
#
# Prints what the commands print, then the time, the download and the disk that each took. The root comes from the
# archive that apt is told of here, and is gone in the end. Where no root can be made, that is said, and no failure.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
release=$1 user=$2
shift 2
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
source_lines >"$tmp/sources"
[ -s "$tmp/sources" ] || skip 'apt knows no archive of Debian here'

# What a clone would have, as the files are now.
{ git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path './build/*' -print0; } |
	LC_ALL=C sort -z | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
	tar -c --null --files-from=- --owner=0 --group=0 --transform='s|^\./||;s|^|chat/|' -f "$tmp/chat.tar" || exit 1

failed=0
for target; do
	# In a root that is made by mmdebstrap, only root may write to /dev/shm, and open a terminal.
	"${alone[@]}" mmdebstrap --mode="$mode" --variant=minbase --format=null --quiet \
		--customize-hook="touch $tmp/made" \
		--customize-hook='chmod 1777 "$1/dev/shm"' \
		--customize-hook='umount "$1/dev/pts" && mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts "$1/dev/pts"' \
		--customize-hook='mkdir "$1/src"' --customize-hook="tar-in $tmp/chat.tar /src" \
		--customize-hook="chroot \"\$1\" /src/chat/tests/release/readme.sh $target $user" \
		--customize-hook='umount -q "$1/run/netns" || :' \
		"$release" /dev/null "$tmp/sources" 2>&1 | tee "$tmp/log"
	status=$?
	[ -e "$tmp/made" ] || skip "no root of $release could be made: $(grep '^E:' "$tmp/log" | head -n 1)"
	[ "$status" -eq 0 ] || failed=1
	grep '^README: ' "$tmp/log" >>"$tmp/results"
done
cat "$tmp/results"
exit "$failed"
