#!/bin/bash
#
# The file of --url-file exists while the server answers, and holds the URL of that server.

. tests/lib.sh

mkdir "$TMP/dir"
url=$TMP/dir/url

# there: what is in the folder of the URL file.
there() {
	find "$TMP/dir" -mindepth 1 -printf '%f ' | sed 's/ $//'
}

# ---- while it answers ----
#
# The disk takes its time with the journal at the start.

spawn chat-serve -q -l 127.0.0.1:0 --url-file "$url" --journal "$TMP/journal" 2>"$TMP/err"
server=$!
wait_for '[ -s "$url" ]'
is "$(there)" url 'a server that answers has its file, and nothing beside it'
export CHAT_URL
CHAT_URL=$(cat "$url")
exits 0 'which says where' chat-send kept
slay "$server"
is "$(there)" url 'a server that is killed leaves it'

# starts: a server whose disk does not answer before $TMP/hold is gone; sets $server.
starts() {
	: >"$TMP/hold"
	spawn env LD_PRELOAD="$PRELOAD/disk.so" DISK_DIR="$TMP/journal" DISK_HOLD="open:$TMP/hold" \
		ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" \
		chat-serve -q --no-sandbox -l 127.0.0.1:0 --url-file "$url" --journal "$TMP/journal" 2>"$TMP/err"
	server=$!
}

starts
wait_for '[[ $(there) == url.* ]]'
like "$(there)" '^url\.[0-9a-f]{16}$' 'the next one takes it away, and has another under a name of its own'
rm "$TMP/hold"
wait_for '[ "$(there)" = url ]'
CHAT_URL=$(cat "$url")
exits 0 'until it answers' chat-send -W 5s again
kill -TERM "$server"
ends "$server" 0 'it ends'
is "$(there)" '' 'and takes its file along'

# ---- asked to end before ----

starts
wait_for '[[ $(there) == url.* ]]'
kill -TERM "$server"
alive "$server"
ok 'a server that is asked to end while it starts'
rm "$TMP/hold"
ends "$server" 0 'ends well'
is "$(there)" '' 'and leaves nothing'
exits 0 'it may be asked before it is there' timeout "$((20 * slowness))" python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.kill(os.getpid(), signal.SIGTERM)
os.execvp("chat-serve", ["chat-serve", "-q", "-l", "unix:" + sys.argv[1], "--url-file", sys.argv[2]])
' "$TMP/dir/socket" "$url"
is "$(there)" '' 'and leaves nothing either'

# ---- one after the other ----

spawn chat-serve -q -l 127.0.0.1:0 --url-file "$url" 2>"$TMP/err"
first=$!
wait_for '[ -s "$url" ]'
first_url=$(cat "$url")
spawn chat-serve -q -l 127.0.0.1:0 --url-file "$url" 2>"$TMP/err"
second=$!
wait_for "[ -s '$url' ] && ! grep -qxF '$first_url' '$url'"
kill -TERM "$first"
ends "$first" 0 'a server whose file another one has taken over'
is "$(there)" url 'leaves it to that one'
kill -TERM "$second"
ends "$second" 0 'who ends'
is "$(there)" '' 'and takes it along'
ln -s elsewhere "$url"
spawn chat-serve -q -l 127.0.0.1:0 --url-file "$url" 2>"$TMP/err"
server=$!
wait_for '[ -s "$url" ]'
[ ! -L "$url" ] && [ ! -e "$TMP/dir/elsewhere" ]
ok 'a link in its place is not followed'
stop "$server"
exits 73 'a folder is not replaced' chat-serve -q -l 127.0.0.1:0 --url-file "$TMP/dir"

# ---- the manual ----
#
# How a script waits, in a folder in which a server that was killed has left its file.

mkdir "$TMP/script"
echo ws://127.0.0.1:9/ >"$TMP/script/url"
example=$(awk '/^rm -f url/ { on = 1 } /^\.Ed/ { on = 0 } on' man/chat-serve.1)
like "$example" '--url-file url' 'the manual says how a script waits'
exits 0 'it waits for its own server, not for the file of a dead one' \
	bash -c 'cd "$1"; eval "$2"; said=$?; kill $! && wait $! && exit $said' bash "$TMP/script" "$example"
is "$(jq -r .content "$OUT")" hello 'and is heard'
exits 1 'it does not wait for a server that does not start' \
	bash -c 'cd "$1"; chat-serve() { return 74; }; eval "$2"' bash "$TMP/script" "$example"

# ---- as another user ----

if [ "$(id -u)" -eq 0 ]; then
	chmod 711 "$TMP"
	spawn chat-serve -q -l 127.0.0.1:0 --url-file "$url" --user nobody 2>"$TMP/err"
	server=$!
	wait_for '[ -s "$url" ]'
	exits 0 'a server that becomes another user' chat-send -U "$(cat "$url")" hello
	kill -TERM "$server"
	ends "$server" 0 'that may not take its file along'
	is "$(cat "$url")" '' 'leaves it empty'
else
	skip 'a server that becomes another user' 'only root becomes another user'
fi

done_testing
