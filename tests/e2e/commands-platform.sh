#!/bin/bash
#
# What the commands ask of the system is what tests/simulation/platform lists: a port to another system has to give
# that, and the simulation replaces all of it.

. tests/lib.sh

[ -e "$BUILD/tests/simulation/chat-serve.o" ] || skip_all 'the simulation is not built'

# words FILE: the words of its lines that are no comments.
words() {
	sed '/^#/d' "$1" | tr -s ' \n' '\n'
}

# is_pure NAME: whether a pattern of tests/simulation/pure matches.
is_pure() {
	local pattern

	for pattern in "${pure[@]}"; do
		# shellcheck disable=SC2254 # it is a pattern
		case $1 in $pattern) return 0 ;; esac
	done
	return 1
}

mapfile -t pure < <(words tests/simulation/pure)
words tests/simulation/platform | sort >"$TMP/platform"
is "$(uniq -d "$TMP/platform")" '' 'no name is listed twice'
for command in serve send listen validate; do
	# the stream of a cluster is reached by libnats, in whose place the simulation has its shared_log.c
	nm -u "$BUILD/tests/simulation/chat-$command.o" | awk '{ print $NF }' | grep -v '^shared_log_' >"$TMP/$command"
	is "$(grep -v '^sim_' "$TMP/$command" | while read -r name; do is_pure "$name" || echo "$name"; done)" '' \
		"chat-$command asks nothing else of the system"
done

done_testing
