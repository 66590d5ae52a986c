#!/bin/bash
#
# `make demo`: builds the commands and shows them at work once: a server, a person and a bot who listen, a sender, and
# the log checked. Prints what is typed, and what a person and a program get. Ends by itself, in any case within a
# minute after the build, with all that it started; the exit status is 0 if everything worked.

set -u
tmp=$(mktemp -d) || exit 1
pids=()
cd "$(dirname "$0")/.." || exit 1
build=${CHAT_BUILD:-build} jobs=${JOBS:-$(nproc)}

stop_all() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
	rm -rf "$tmp"
}
trap stop_all EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
	printf 'demo: %s\n' "$1" >&2
	exit 1
}

# ---- what it takes ----

commands=("$build"/chat-{serve,send,listen,validate})

# Each header that building needs, with its package.
headers=(stdio.h libc6-dev wslay/wslay.h libwslay-dev curl/curl.h libcurl4-openssl-dev idn2.h libidn2-dev
	cjson/cJSON.h libcjson-dev uv.h libuv1-dev liburing.h liburing-dev seccomp.h libseccomp-dev
	openssl/ssl.h libssl-dev uthash.h uthash-dev magic.h libmagic-dev)

# Prints the names of the packages that are missing.
missing() {
	local compiler
	read -ra compiler <<<"${CC:-cc} ${CPPFLAGS-}"
	command -v jq >/dev/null || echo jq
	if ! command -v "${compiler[0]}" >/dev/null; then
		echo "${compiler[0]/#cc/gcc}"
	elif ! printf '#if !__has_include(<%s>)\n%s\n#endif\n' "${headers[@]}" |
		"${compiler[@]}" -E -P -x c - 2>"$tmp/cc.err" | grep .; then
		[ ! -s "$tmp/cc.err" ] || cat "$tmp/cc.err" >&2
	fi
}

# ---- the build ----

# The demo's make, with jobs of its own and the caller's variables.
own_make() {
	MAKEFLAGS=$(sed 's/ --jobserver-[a-z]*=[^ ]*//; s/ -j[0-9]*//' <<<"${MAKEFLAGS-}") exec make "$@"
}

# Counts the lines that say what is made: a few lines of progress, and in the end nothing but errors.
build() {
	local total made=0 line started=$SECONDS
	total=$(own_make -n V=0 "${commands[@]}" | grep -c "^printf '  ")
	[ "$total" -gt 0 ] || return 0
	mkfifo "$tmp/made"
	own_make V=0 -j "$jobs" "${commands[@]}" >"$tmp/made" 2>"$tmp/make.err" &
	pids+=($!)
	while IFS= read -r line; do
		[[ $line = '  '[A-Z]* ]] || continue
		((made > 0)) || echo "Building the four commands: $total steps, $jobs at once."
		made=$((made + 1))
		((made * 4 / total == (made - 1) * 4 / total)) || echo "  $made of $total, $((SECONDS - started)) s"
	done <"$tmp/made"
	wait "$!" || {
		cat "$tmp/make.err" >&2
		die 'the commands were not built'
	}
	pids=()
}

# ---- the session ----

type_in() {
	printf '\n$ %s\n' "$1"
}

# Reads what the descriptor gives up to the line with this in it, and leaves that in $line.
hear() {
	while IFS= read -r line <&"$1"; do
		[[ $line != *"$2"* ]] || return 0
	done
	die 'a listener ended'
}

# Shows the same message as bob sees it and as a program gets it.
show() {
	hear 3 "$1"
	printf '  %s\n' "$line"
	hear 4 "$1"
	printf '    %s\n' "$line"
}

lacking=$(missing | paste -sd' ')
[ -z "$lacking" ] || die "missing: $lacking. This installs them: make deps-build"
build

PATH=$(realpath "$build"):$PATH
unset "${!CHAT_@}"
mkfifo "$tmp/bob" "$tmp/log" "$tmp/bot" "$tmp/never"
trap 'die "no end in sight"' ALRM
(read -r -t 60 <>"$tmp/never" || kill -ALRM $$) &
pids+=($!)

type_in 'chat-serve --listen 127.0.0.1:0 --url-file url >log.ndjson &'
chat-serve --listen 127.0.0.1:0 --url-file "$tmp/url" >"$tmp/log.ndjson" 2>"$tmp/serve.err" &
server=$!
pids+=("$server")
until read -r CHAT_URL 2>/dev/null <"$tmp/url"; do
	kill -0 "$server" 2>/dev/null || die "chat-serve ended: $(cat "$tmp/serve.err")"
	read -r -t 0.02 <>"$tmp/never"
done
export CHAT_URL
echo "  a server on $CHAT_URL"

type_in 'chat-listen --username bob --human &'
chat-listen --username bob --human >"$tmp/bob" &
bob=$!
pids+=("$bob")
exec 3<"$tmp/bob"
hear 3 'here: <bob>'
printf '  %s\n' "$line"
chat-listen --username bob --type message --history flat >"$tmp/log" &
pids+=($!)
exec 4<"$tmp/log"

bot='select(.content=="!ping") | {type:"text",text:"pong \(.sender)"}'
type_in "chat-listen --username bot --type message --exec jq --unbuffered -c '$bot' &"
chat-listen --username bot --type message --verbose --exec jq --unbuffered -c "$bot" 2>"$tmp/bot" &
pids+=($!)
exec 5<"$tmp/bot"
hear 5 joined
echo '  a bot that answers to !ping'

# The same message three times: its receipt is for chat-send's caller, and here only counts.
type_in 'chat-send --username alice hello bob'
chat-send --username alice hello bob >"$tmp/receipt" || die 'chat-send failed'
echo '  bob sees the first line; a program gets the second one, from chat-listen without --human:'
show 'hello bob'

type_in "printf 'one more\\n!ping\\n' | chat-send --username alice --lines"
printf 'one more\n!ping\n' | chat-send --username alice --lines >"$tmp/receipt" || die 'chat-send failed'
show 'one more'
show '!ping'
show 'pong alice'

type_in 'kill %2 %1; chat-validate --from server --stats log.ndjson'
kill "$bob"
wait "$bob" # it would say that the connection is lost
kill "$server"
wait "$server" || die 'chat-serve did not end well'
chat-validate --from server --stats "$tmp/log.ndjson" | sed 's/^/  /'
[ "${PIPESTATUS[0]}" -eq 0 ] || die 'chat-validate found an error'

type_in "jq -r 'select(.type==\"message\") | .sender + \": \" + .content' log.ndjson"
jq -r 'select(.type=="message") | "  " + .sender + ": " + .content' "$tmp/log.ndjson" || die 'jq failed'

printf '\ndemo: done. Your turn: PATH=%s:$PATH, and README.md has a session.\n' "$(realpath "$build")"
