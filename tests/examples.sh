# shellcheck shell=bash
#
# Runs the examples of pages as they are printed. A test sources tests/lib.sh and then this file, fills
# the tables, and calls try_page for each page:
#
#	does       the first line of an example -> the function that runs it and checks what it did
#	unless     the first words of one that is not run here -> the reason
#	formats    the first words of what is no command
#
# An example that is in none of them is a failure, and so is an entry that is in no page (all_met).
#
# An example runs in a folder and a channel of its own. One that starts a server finds a chat-serve that
# takes a free port, whatever --listen says. In the function, $example is the text, $first its first line,
# $page the page, and $channel the channel.

declare -A does=() unless=() met=()
formats=()
examples=0 running=''

mkdir "$TMP/bin"
cat >"$TMP/bin/chat-serve" <<'SHIM'
#!/bin/bash
args=() more=(--listen 127.0.0.1:0 --url-file "$SHIM_URL")
while [ $# -gt 0 ]; do
	case $1 in
	--listen) shift ;;
	--new-token | --url-file) more=() && args+=("$1") ;;
	*) args+=("$1") ;;
	esac
	shift
done
exec "$BUILD/chat-serve" "${more[@]+"${more[@]}"}" "${args[@]}"
SHIM
# As `df -P /` of a full disk.
printf '#!/bin/sh\necho Filesystem\necho /dev/sda 100 95 5 95%% /\n' >"$TMP/bin/df"
chmod +x "$TMP"/bin/*

serve --grace 0s -v
base=$CHAT_URL
export CHAT_USERNAME=tester

# ---- what an example does ----

# needs COMMAND…: returns 1, and the example counts as skipped, if this machine lacks one of them.
needs() {
	local command
	for command; do
		command -v "$command" >"$TMP/found" || { skip "$page: $first" "there is no $command" && return 1; }
	done
}

# runs: the example ends with 0; its output is in $OUT.
runs() {
	exits 0 "$page: $first" bash -c "$example"
}

# starts: starts the example. begins: also returns when its listener is in the channel. finishes ends it.
starts() {
	spawn bash -c "$example" >out 2>err
	running=$!
}

begins() {
	starts
	wait_for "here '$channel'"
	ok "$page: $first"
}

finishes() {
	stop "$running"
	is "$(cat err)" '' 'complains of nothing'
}

# serves: starts the example, which is a server, and sets CHAT_URL to its URL.
serves() {
	export SHIM_URL=$PWD/shim.url
	starts
	wait_for '[ -s shim.url ]'
	ok "$page: $first"
	CHAT_URL=$(<shim.url)
}

# here CHANNEL: somebody listens there.
here() {
	jq -se --arg channel "$1" 'map(select(.type == "userStatus" and .channel == $channel)) | any(.online)' "$SERVE_OUT" >/dev/null
}

# said TEXT: the server has this text, in the channel of the example.
said() {
	jq -se --arg text "$1" --arg channel "$channel" \
		'any(.[]; .type == "message" and .channel == $channel and .content == $text)' "$SERVE_OUT" >/dev/null
}

# all_said: the texts that were said in the channel of the example, one on each line.
all_said() {
	jq -r --arg channel "$channel" 'select(.type == "message" and .channel == $channel).content' "$SERVE_OUT"
}

# say TEXT…: sends it.
say() {
	chat-send -u alice "$@" >receipt
}

# ---- which example does it ----

is_format() {
	local format
	for format in "${formats[@]+"${formats[@]}"}"; do
		[[ $first != "$format"* ]] || return 0
	done
	return 1
}

# reason: the reason why the example is not run; returns 1 if there is none.
reason() {
	local words
	for words in "${!unless[@]}"; do
		[[ $first != "$words"* ]] || { met[$words]=1 && echo "${unless[$words]}" && return; }
	done
	return 1
}

# try_example: runs it in a folder and a channel of its own.
try_example() {
	if [ -n "${does[$first]-}" ]; then
		met[$first]=1
		mkdir "$TMP/example.$examples"
		cd "$TMP/example.$examples" || exit 1
		channel=/ex$examples CHAT_URL=${base}ex$examples
		"${does[$first]}"
		cd "$TOP" || exit 1
	elif reason >"$TMP/reason"; then
		sh -n -c "$example"
		ok "$page: $first: not run ($(<"$TMP/reason")), but its syntax is right"
	elif ! is_format; then
		result 1 "$page: an example that nothing tests: $first"
	fi
}

# try_page PAGE [SECTION]: the examples of the page, or of one section of it.
try_page() {
	page=$1
	tests/helpers/printed-examples.pl "$@" >"$TMP/examples"
	while IFS= read -r -d '' example <&3; do
		example=${example%$'\n'}
		first=${example%%$'\n'*}
		examples=$((examples + 1))
		try_example
	done 3<"$TMP/examples"
}

# all_met LEAST: at least so many examples were found, and every entry of the tables.
all_met() {
	[ "$examples" -ge "$1" ]
	ok "there are examples ($examples)"
	is "$(for text in "${!does[@]}" "${!unless[@]}"; do [ -n "${met[$text]-}" ] || echo "$text"; done)" '' \
		'each one that is listed here is in a page'
}
