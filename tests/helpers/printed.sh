# shellcheck shell=bash
#
# What chat-serve(1) prints, for tests that run it as it stands there; sourced after tests/lib.sh. Only ports and folders
# are other ones. An example is named by the words that it begins with.

mkdir "$TMP/bin"

# A chat-serve as printed, on a free port or on $listen, which says who comes, and pings often.
cat >"$TMP/bin/chat-serve" <<'END'
#!/bin/bash
exec "$BUILD/chat-serve" --listen "${listen:-127.0.0.1:0}" --url-file "$TMP/url" -v --ping-interval 200ms "$@"
END
chmod +x "$TMP/bin/chat-serve"

tests/helpers/printed-examples.pl man/chat-serve.1 >"$TMP/examples"

# printed WORDS: the example of the page that begins so.
printed() {
	local example
	while IFS= read -r -d '' example; do
		[[ $example != "$1"* ]] || { printf '%s\n' "$example" && return; }
	done <"$TMP/examples"
	result 1 "the page has: $1"
	exit 1
}

# serves WORDS [NAME]: starts the chat-serve that the page prints so, with this name in place of NAME. Sets port,
# server_pid, url and said (its stderr).
serves() {
	local command
	command=$(printed "$1")
	command=${command//\/run\/chat/$TMP} command=${command//--listen 127.0.0.1:3001/} command=${command//NAME/${2:-NAME}}
	said=$TMP/said
	rm -f "$TMP/url"
	spawn bash -c "cd '$TMP' && PATH='$TMP/bin:$PATH' && exec $command" >"$TMP/events" 2>"$said"
	server_pid=$!
	servers+=("$server_pid")
	wait_for '[ -s "$TMP/url" ]'
	ok "${command%%$'\n'*}" || diag "$(cat "$said")"
	read -r url <"$TMP/url"
	port=${url##*:} port=${port%/}
}

# new_tokens NAME…: writes the file tokens, with one for each, and sets token[NAME].
declare -A token=()
new_tokens() {
	local name made
	for name; do
		made=$(chat-serve --new-token "$name")
		# shellcheck disable=SC2034 # for the caller
		token[$name]=$(jq -r .token <<<"$made")
		(umask 077 && jq -r .line <<<"$made" >>"$TMP/tokens")
	done
}
