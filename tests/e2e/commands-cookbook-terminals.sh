#!/bin/bash
#
# chat-cookbook(7), TERMINALS AND EDITORS: each example runs as it is printed, on a terminal of tmux, whose screen
# is read, or in vim. In fzf the choice is made by what is typed.

. tests/lib.sh
. tests/examples.sh

# Each example has its own server of tmux.
AT_EXIT='for socket in "$TMP"/example.*; do TMUX_TMPDIR=$socket tmux kill-server 2>/dev/null; done'

# screen: prints what the terminal shows, without what is blank at the end.
screen() {
	tmux capture-pane -p "$@" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# on_terminal: runs the example on a terminal of 70 columns.
on_terminal() {
	export TMUX_TMPDIR=$PWD
	tmux new-session -d -s example -x 70 -y 16 bash -c "$example"
}

types() {
	tmux send-keys -l "$1"
	wait_for "screen | grep -qF '$1'"
}

# hears TEXT [-t PANE]: alice says it, and the terminal shows it.
hears() {
	chat-send -q -u alice "$1"
	wait_for "screen ${2-} | grep -qF '<alice> $1'"
}

one_terminal() {
	needs rlwrap tmux || return
	on_terminal
	wait_for "here '$channel'"
	types 'half a li'
	hears 'from another'
	wait_for '[ "$(screen | tail -n 1)" = "half a li" ]'
	ok "$page: $first"
	types ne
	tmux send-keys Enter
	wait_for 'said "half a line"'
	hears 'and again'
	hears 'and once more'
	types 'again'
	hears 'into it'
	wait_for '[ "$(screen | tail -n 1)" = again ]'
	is "$(screen | grep -v '\* here' | sed -E 's/^[0-9:]{8} //')" '<alice> from another
half a line
<alice> and again
<alice> and once more
<alice> into it
again' 'the line that is written is never torn, and nothing of a message is missing'
	tmux send-keys C-u C-d
	wait_for '! tmux has-session 2>/dev/null'
	ok 'Ctrl-D ends it'
}

two_panes() {
	needs rlwrap tmux || return
	export TMUX_TMPDIR=$PWD
	exec {keys}<>"$TMP/never"
	spawn script -qec "stty cols 70 rows 16; $example" /dev/null <&"$keys" >typescript 2>&1
	running=$!
	wait_for "here '$channel' && screen -t chat:.1 | grep -q '^>'"
	ok "$page: $first"
	tmux send-keys -t chat:.1 -l 'half a li'
	hears 'from another' '-t chat:.0'
	is "$(screen -t chat:.1)" '> half a li' 'the line below is not disturbed'
	tmux send-keys -t chat:.1 -l 'ne'
	tmux send-keys -t chat:.1 Enter
	wait_for 'said "half a line"'
	wait_for 'screen -t chat:.0 | grep -qF "<tester> half a line"'
	ok 'it is said, and shown above'
	tmux kill-server
	stop "$running"
	exec {keys}>&-
}

# log ID CHANNEL [FILE]: a line of a server, and in it a file of this name.
log() {
	jq -nc --arg id "$1" --arg channel "$2" --arg file "${3-}" '{type: "message", $id, sender: "alice", content: ($file + "."), timestamp: 0, $channel}
		+ if $file == "" then {} else {file: {name: $file, type: "text/plain", size: 3, data: ("\($id)\n" | @base64)}} end'
}

chooses_channel() {
	needs fzf tmux || return
	{ log 01 /ops && log 02 /deploy && log 03 /ops && log 04 /opera; } >archive.ndjson
	channel=/deploy
	on_terminal
	wait_for 'screen | grep -q "3/3"'
	types depl
	tmux send-keys Enter
	wait_for 'here /deploy'
	ok "$page: $first"
	chat-send -q -u alice -c deploy 'in that channel'
	wait_for 'screen | grep -qF "<alice> in that channel"'
	ok 'what is said there is shown'
	tmux kill-server
}

chooses_file() {
	needs fzf tmux || return
	{ log 01 /ops a.txt && log 02 /ops && log 03 /ops ../../evil.txt; } >archive.ndjson
	on_terminal
	wait_for 'screen | grep -q "2/2"'
	types evil
	tmux send-keys Enter
	wait_for '! tmux has-session 2>/dev/null'
	is "$(<evil.txt)" 03 "$page: $first"
	is "$(find "$TMP" -name evil.txt)" "$PWD/evil.txt" 'nowhere else, whatever name the sender chose'
}

# in_vim: runs the example, which begins with a colon, in a buffer of two lines, and writes it to buffer. Nobody types:
# at the end of what is typed, vim would not wait for the example any more.
in_vim() {
	needs vi || return
	printf 'first line\n"second" %% line\n' >buffer
	mkfifo typed
	exits 0 "$page: $first" vi -u NONE -n -es -c "${example#:}" -c 'w! buffer' -c 'qa!' buffer 0<>typed
}

reads_into_vim() {
	for n in one two; do
		chat-send -q -u alice "$n"
	done
	in_vim || return
	is "$(sed -E '/^--- /d; s/^[0-9:]{8} //' buffer)" $'first line\n"second" % line\n<alice> one\n<alice> two' 'the messages are in the buffer'
}

writes_from_vim() {
	in_vim || return
	is "$(all_said)" $'first line\n"second" % line' 'each line of the buffer is said'
}

does=(
	["rlwrap sh -c 'chat-listen --human --no-user --wait &"]=one_terminal
	["tmux new-session -s chat 'chat-listen --human --wait' \\; \\"]=two_panes
	["channel=\$(jq -r '.channel // empty' archive.ndjson | sort -u | fzf) &&"]=chooses_channel
	["id=\$(jq -r 'select(.file.data) | [.id, .sender, .file.name] | @tsv' archive.ndjson |"]=chooses_file
	[':r !chat-listen --human -n 20 --no-follow -t history']=reads_into_vim
	[':w !chat-send -lq --split']=writes_from_vim
)

try_page man/chat-cookbook.7 'TERMINALS AND EDITORS'
all_met 6

done_testing
