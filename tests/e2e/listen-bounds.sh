#!/bin/bash
#
# File names, ids and times that a server or a sender chooses do no harm: chat-listen bounds or changes
# them.

. tests/lib.sh

helper lying-server.py "$TMP/lying"
lying=$(cat "$TMP/lying")

# ---- ids and times ----

for where in long-id long-past; do
	exits 76 "$where: an id of more than 64 KiB breaks the protocol" \
		timeout "$((10 * slowness))" chat-listen -U "$lying/$where" --cursor-file "$TMP/$where.cur" -C 6 --history=flat
	like "$(cat "$ERR")" 'the server sent an id of more than 64 KiB' 'which is said'
	unlike "$(cat "$TMP/$where.cur")" xxx 'and it does not get into the cursor'
done
is "$(jq -r .since "$TMP/long-id.cur")" one 'which stays before it'
for when in far-ahead before-time; do
	exits 0 "a message told $when" timeout "$((10 * slowness))" chat-listen -U "$lying/$when" --cursor-file "$TMP/$when.cur" -t message -C 3
	is "$(jq -r .since "$TMP/$when.cur")" three 'does not hold the position'
done
printf '{"type":"message","id":"a","sender":"s","content":"first","timestamp":%s}\n' -9223372036854775808 0 |
	exits 0 'a log from the first millisecond there is' chat-send -U "$lying/honest" --replay - --speed 1e6 -W 5s
is "$(lines "$OUT")" 2 'is said again'

# ---- files ----

serve --history 1000

# take CHANNEL: saves the files of a channel in a folder of that name, $took lists them.
take() {
	chat-listen -c "$1" --save-files "$TMP/$1" --history=flat -t message --no-follow >"$TMP/$1.lines" 2>"$ERR"
	took=$(find "$TMP/$1" -type f -printf '%f\n' | LC_ALL=C sort | paste -sd'|')
}

for name in 'a:b?.txt' 'ends. ' 'con' 'LPT1.log' '...' '..\up' 'plain'; do
	printf '%s\n' "$name" | chat-send -q -c names -f - --name "$name"
done
take names
is "$took" '_LPT1.log|_con|a_b_.txt|ends|file|plain|up' 'names are such as every file system takes'
is "$(cat "$TMP/names/_con")" con 'each for the file it is'

# In memory where that can be had: a disk takes its time for 10,000 files.
many=$(mktemp -d /dev/shm/chat-test.XXXXXX 2>/dev/null) || many=$TMP/many.files
AT_EXIT='rm -rf "$many"'
mkdir -p "$many"
ln -s "$many" "$TMP/many"
seq -f "$TMP/many/a.%.0f.txt" 1 10000 | xargs touch "$TMP/many/a.txt"
for i in 1 2 3; do echo "$i"; done | while read -r i; do echo "$i" | chat-send -q -c many -f - --name a.txt; done
if command -v strace >/dev/null; then
	strace -f -qq -e trace=renameat2,newfstatat,linkat -o "$TMP/calls" \
		chat-listen -c many --save-files "$TMP/many" --history=flat -t message --no-follow >"$TMP/many.lines"
	[ "$(lines "$TMP/calls")" -lt 1000 ]
	ok "the number of a file among 10,001 is found in few steps: $(lines "$TMP/calls") calls for three"
else
	take many
fi
is "$(cat "$TMP/many/"a.1000{1,2,3}.txt | paste -sd,)" 1,2,3 'each gets the next number'
is "$(find "$TMP/many/" -name '.*' | wc -l)" 0 'and no part is left'
rm "$TMP/many/a.5.txt"
take many
is "$(find "$TMP/many/" -type f -size +0 | wc -l)" 6 'where one is gone nothing is replaced'

done_testing
