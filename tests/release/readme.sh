#!/bin/bash
#
# readme.sh TARGET USER: runs README.md's command for `make TARGET` in a root that in-root.sh made.

set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
target=$1 user=$2
command=$(grep -x "apt-get update .*make $target" README.md) || { echo "README.md has no command for $target"; exit 1; }

# As new as the user gets it: without the lists and packages that the root was made with.
apt-get clean
rm -rf /var/lib/apt/lists/*

disk() {
	du -sxm / | cut -f1
}

# downloaded: the megabytes of all that apt fetched, as it says.
downloaded() {
	awk '/^Fetched / { sub(/,/, "", $2); mb += $2 * ($3 == "MB" ? 1 : $3 == "kB" ? 0.001 : 0.000001) }
		END { printf "%.0f\n", mb }' "$1"
}

# as_root COMMAND: as it is typed at a new machine, in an environment of nothing else but how slow the machine is.
as_root() {
	env -i HOME=/root TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${CHAT_TEST_SLOWNESS:+"CHAT_TEST_SLOWNESS=$CHAT_TEST_SLOWNESS"} bash -c "$1" 2>&1 | tee /tmp/log
}

disk_before=$(disk)
SECONDS=0
if [ "$user" = root ]; then
	as_root "$command"
else
	useradd --create-home --shell /bin/bash "$user" && chown -R "$user:" . && as_root "${command% && *}" &&
		runuser --login --whitelist-environment=CHAT_TEST_SLOWNESS "$user" -c "cd '$PWD' && ${command##* && }"
fi
status=$?
took=$SECONDS
printf 'README: %s, %s, as %s: make %s: exit status %d, %d s, %s MB of download, %d MB of disk\n' \
	"$(sed -n 's/^PRETTY_NAME=//p' /etc/os-release | tr -d '"')" "$(dpkg --print-architecture)" "$user" "$target" \
	"$status" "$took" "$(downloaded /tmp/log)" "$(($(disk) - disk_before))"
exit "$status"
