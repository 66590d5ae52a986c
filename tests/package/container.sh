#!/bin/bash
#
# The Containerfile of chat-serve(1) is built as it is printed, and its server run. The image of Debian that it begins with
# is made of the archive that apt is told of here, in place of one from a registry; the port is a free one.

LIMIT=900
. tests/lib.sh
. tests/package/root.sh

for program in podman runc; do
	command -v "$program" >"$TMP/found" || skip_all "there is no $program (make deps-container)"
done
port=$("$TOP/tests/helpers/ports.py" 1)

# pod …: podman with images, containers, volumes and secrets of its own. It takes what a root without all rights may do:
# runc, which does not mind old cgroups, and limits that are not raised.
pod() {
	case $1 in
	build) set -- build --network host --isolation chroot "${@:2}" ;;
	run) set -- run --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=1024:1024 "${@:2}" ;;
	esac
	podman --root "$TMP/store" --runroot "$TMP/runroot" --storage-driver vfs --cgroup-manager cgroupfs --events-backend none \
		--runtime runc "$@"
}

# printed WORDS: the example of the page that begins so, for this release and port.
printed() {
	local example
	while IFS= read -r -d '' example; do
		[[ $example != "$1"* ]] || sed "s/bookworm/$RELEASE/; s/3001/$port/; s/^podman /pod /" <<<"$example"
	done < <("$TOP"/tests/helpers/printed-examples.pl "$TOP/man/chat-serve.1")
}

make_root "$RELEASE"
tar -c -C "$ROOT" . | pod import -q - "docker.io/library/debian:$RELEASE-slim" >"$OUT" 2>"$ERR" ||
	skip_all "podman makes no image here: $(tail -n 1 "$ERR")"
AT_EXIT='pod rm -fa >/dev/null'
mkdir "$TMP/folder"
cd "$TMP/folder" || exit 1
cp "$(find "$PACKAGES" -name 'chat-tools_*.deb')" .
printed 'FROM ' >Containerfile
chat-serve --new-token alice >made
(umask 077 && jq -r .line made >tokens)
CHAT_TOKEN=$(jq -r .token made)
export CHAT_URL=ws://127.0.0.1:$port/ CHAT_TOKEN CHAT_USERNAME=alice

exits 0 'the Containerfile is built, and its server starts' eval "$(printed 'podman build')" ||
	{ diag "$(tail -n 20 "$OUT")" && done_testing; }
is "$(pod exec chat chat-serve --version)" "$(chat-serve --version)" 'it has this version'
exits 0 'and accepts a message' chat-send --retry-for 30s 'in a container' || diag "$(pod logs chat 2>&1)"
exits 77 'but no wrong token' env CHAT_TOKEN=wrong chat-send hi
is "$(pod exec chat stat -c %U /proc/1)" nobody 'it does not run as root'
like "$(pod exec chat cat /proc/1/status)" $'NoNewPrivs:\t1.*Seccomp:\t2' 'it is in its sandbox'
exits 0 'podman stop' pod stop chat
is "$(pod inspect --format '{{.State.ExitCode}}' chat)" 0 'ends it with 0' || diag "$(pod logs chat 2>&1)"
exits 0 'podman start' pod start chat
exits 0 'and who listens' chat-listen --wait -W 30s --since all --no-follow -t message
is "$(jq -r .content "$OUT")" 'in a container' 'gets what was said'
diag "$(pod images --format '{{.Repository}} {{.Size}}' | paste -sd' ')"
done_testing
