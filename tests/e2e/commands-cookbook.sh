#!/bin/bash
#
# chat-cookbook(7) can be pasted: man shows each example as the tests of the page run it, and each section with
# examples has a test that runs them.

. tests/lib.sh

man=man/chat-cookbook.7
MANWIDTH=120 man -l "$man" 2>"$ERR" | sed -E 's/^ +//; s/ +$//' >"$TMP/shown"
tests/helpers/printed-examples.pl "$man" | tr '\0' '\n' | sed -E 's/^ +//; s/ +$//' | grep . >"$TMP/pasted"
[ "$(lines "$TMP/pasted")" -ge 50 ]
ok 'there are examples'
is "$(grep -vxFf "$TMP/shown" "$TMP/pasted")" '' 'each line of them is on the page as man shows it'
is "$(grep -n $'\t' "$man")" '' 'no tab, which a terminal would show as blanks'
is "$(awk 'length > 100' "$TMP/pasted")" '' 'no line of an example is longer than 100'

sed -n 's/^\.Sh //p' "$man" | while read -r section; do
	[ -n "$(tests/helpers/printed-examples.pl "$man" "$section" | tr -d '\0')" ] || continue
	grep -qxF "try_page man/chat-cookbook.7 '$section'" tests/e2e/commands-cookbook-*.sh
	ok "the examples of $section are run"
done

done_testing
