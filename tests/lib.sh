# shellcheck shell=bash
#
# Every shell test sources this file first, from the top directory:
#
#	#!/bin/bash
#	. tests/lib.sh
#	serve --history 10
#	exits 0 'a word is accepted' chat-send hello
#	is "$(jq -r .content "$OUT")" hello 'and its receipt carries it'
#	done_testing
#
# A test prints TAP on stdout. The commands under test come from $CHAT_BUILD (default: build). $TMP is a
# private folder. It is removed at the end of the test, and each process that spawn or serve started is
# ended, by its pid.
# A test that takes longer than LIMIT seconds (set it before sourcing; default 120) is ended; where
# CHAT_TEST_FULL is set and the test has set FULL_LIMIT, that is the limit.
# What else has to be undone at the end, however it comes, is the command in AT_EXIT.
# The last part of a pipeline runs in the test's own shell, so `printf … | exits 0 …` counts.
#
# The caller may set four variables: CHAT_BUILD, CHAT_TEST_SLOWNESS (a factor for every wait),
# CHAT_TEST_FULL (rounds enough to be sure, not only to notice) and CHAT_TEST_SEED. In a test the last
# three are $slowness, $full and $seed.

if [ -z "${CHAT_TEST_WATCHED-}" ]; then
	export CHAT_TEST_WATCHED=1
	[ -z "${CHAT_TEST_FULL-}" ] || LIMIT=${FULL_LIMIT:-${LIMIT-}}
	exec timeout -k 5 "$((${LIMIT:-120} * ${CHAT_TEST_SLOWNESS:-1}))" bash "$0" "$@" </dev/null
fi
unset CHAT_TEST_WATCHED

set -u
shopt -s lastpipe

TOP=$PWD
BUILD=$(realpath "${CHAT_BUILD:-build}")
TMP=$(mktemp -d "${TMPDIR:-/tmp}/chat-test.XXXXXX") || exit 1
OUT=$TMP/out ERR=$TMP/err # the output of the command that `exits` ran last
SERVE_PID='' SERVE_OUT='' SERVE_ERR='' AT_EXIT=''
mkfifo "$TMP/never"
PRELOAD=$TMP/preload # tests/preload, as built; a path in LD_PRELOAD must not have a space
ln -s "$BUILD/tests/preload" "$PRELOAD"

# Nothing else of the caller's environment changes a test.
slowness=${CHAT_TEST_SLOWNESS:-1} full=${CHAT_TEST_FULL-} seed=${CHAT_TEST_SEED-}
unset "${!CHAT_@}" NO_COLOR http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY \
	ALL_PROXY NO_PROXY CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR MAKEFLAGS MAKELEVEL CFLAGS
# Servers such as nats-server are in /usr/sbin, which is not in everybody's path.
export LC_ALL=C.UTF-8 TERM=xterm TZ=UTC HOME=$TMP PATH=$BUILD:$PATH:/usr/sbin NODE_PATH=/usr/share/nodejs TOP BUILD TMP PRELOAD
export PYTHONPATH=$TOP/tests/helpers PYTHONDONTWRITEBYTECODE=1

tests_run=0
tests_failed=0
spawned=() # pids, in the order of their start
servers=() # those of them that serve started

# result STATUS NAME: prints one line of TAP and returns the status.
result() {
	tests_run=$((tests_run + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %d - %s\n' "$tests_run" "$2"
		return 0
	fi
	tests_failed=$((tests_failed + 1))
	printf 'not ok %d - %s\n' "$tests_run" "$2"
	diag "at ${BASH_SOURCE[2]}:${BASH_LINENO[1]}"
	return 1
}

# diag TEXT: prints each line of the text as a TAP comment.
diag() {
	printf '%s\n' "$1" | head -n 40 | sed 's/^/# /'
}

# ok NAME, not_ok NAME: passes if the command before it succeeded, or failed.
ok() {
	result $? "$1"
}

not_ok() {
	result $(($? == 0)) "$1"
}

# is GOT WANT NAME: passes if the strings are equal.
is() {
	[ "$1" = "$2" ]
	result $? "$3" || { diag "got  $1"$'\n'"want $2" && false; }
}

# isnt GOT UNWANTED NAME: passes if the strings differ.
isnt() {
	[ "$1" != "$2" ]
	result $? "$3" || { diag "got $1" && false; }
}

# like GOT REGEX NAME, unlike GOT REGEX NAME: passes if the extended regular expression matches, or not.
like() {
	[[ $1 =~ $2 ]]
	result $? "$3" || { diag "got     $1"$'\n'"no match of $2" && false; }
}

unlike() {
	! [[ $1 =~ $2 ]]
	result $? "$3" || { diag "got   $1"$'\n'"match of $2" && false; }
}

# same FILE FILE NAME: passes if the files are equal, byte for byte.
same() {
	cmp "$1" "$2" >"$TMP/cmp" 2>&1
	result $? "$3" || { diag "$(cat "$TMP/cmp")" && false; }
}

# exits STATUS NAME COMMAND…: runs the command and passes if it ends with this status (128+n for a signal n).
# Its output is in $OUT and $ERR.
exits() {
	local want=$1 name=$2 got
	shift 2
	{ "$@" >"$OUT" 2>"$ERR"; } 2>/dev/null # there the shell says "Terminated"
	got=$?
	[ "$got" -eq "$want" ]
	result $? "$name" || {
		diag "exit status $got, want $want: $*"
		diag "$(head -c 2000 "$ERR" | tr -d '\0')"
		false
	}
}

# run_cases FILE [ARGUMENT…]: a test's cases that are written in Python (tests/helpers/serving.py). It
# prints their TAP and is the last command of the test, which ends with its status.
run_cases() {
	CHAT_TEST_SLOWNESS=$slowness CHAT_TEST_FULL=$full CHAT_TEST_SEED=$seed /usr/bin/python3 "$@"
}

# skip_all WHY: ends the test as skipped, because this machine lacks something that it needs.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# skip NAME WHY: a test that this machine cannot run.
skip() {
	tests_run=$((tests_run + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tests_run" "$1" "$2"
}

# wait_for CONDITION [SECONDS]: evaluates the condition until it is true. Returns 1 at the deadline
# (default 10 s).
wait_for() {
	local deadline=$((SECONDS + ${2:-10} * slowness))
	until eval "$1"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			diag "never came true: $1"
			return 1
		fi
		pause
	done
}

# pause: waits for twenty milliseconds, by a read from a pipe that nobody writes to.
pause() {
	read -r -t 0.02 <>"$TMP/never"
	return 0
}

# lines FILE: prints the number of lines that it has now; 0 if there is no such file.
lines() {
	if [ -e "$1" ]; then
		wc -l <"$1"
	else
		echo 0
	fi
}

# spawn COMMAND…: runs the command in the background; its pid is $!. Redirections of spawn are the
# command's. The command leads a process group of its own, so that a `bash -c` ends with its pipeline.
# Signals that a shell without job control would make it ignore have their default action. It ends with
# the test, even when the test is killed.
spawn() {
	setsid setpriv --pdeathsig KILL env --default-signal=INT,QUIT,PIPE "$@" <&0 &
	spawned+=($!)
	wait_for "settled $!" # until then it is a copy of this shell, traps and all
}

# helper NAME FILE [ARGUMENT…]: spawns the server or proxy tests/helpers/NAME, and returns when FILE has the
# URL or port that it prints.
helper() {
	local command=("$TOP/tests/helpers/$1") file=$2
	[[ $1 != *.js ]] || command=(node "${command[@]}")
	shift 2
	spawn "${command[@]}" "$@" >"$file" 2>"$file.err"
	wait_for "[ -s '$file' ]"
}

# settled PID: returns 0 if the process leads its process group, or has ended already.
settled() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
	read -ra stat <<<"${stat##*) }"
	[ "${stat[2]}" = "$1" ]
}

# alive PID: returns 0 if the process runs (a zombie does not).
alive() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null && [[ ${stat##*) } != Z* ]]
}

# ends PID STATUS NAME [SECONDS]: passes if a spawned process ends by itself with that exit status.
ends() {
	local got
	if wait_for "! alive $1" "${4:-10}"; then
		wait "$1"
		got=$?
		forget "$1"
	else
		got='still running'
	fi
	is "$got" "$2" "$3"
}

forget() {
	local pid kept=()
	for pid in "${spawned[@]}"; do
		[ "$pid" = "$1" ] || kept+=("$pid")
	done
	spawned=("${kept[@]+"${kept[@]}"}")
}

# serve [ARGUMENT…]: starts chat-serve on a port of its own. Sets and exports CHAT_URL, and sets SERVE_PID,
# SERVE_OUT (its events) and SERVE_ERR. Returns when the server accepts connections. done_testing ends it
# and checks that its exit status is 0.
serve() {
	serve_at 127.0.0.1:0 "$@"
}

# serve_at ADDRESS [ARGUMENT…]: the same on a given address.
serve_at() {
	local address=$1 base=$TMP/serve.${#servers[@]}
	shift
	SERVE_OUT=$base.out SERVE_ERR=$base.err
	spawn chat-serve --listen "$address" --url-file "$base.url" "$@" >"$SERVE_OUT" 2>"$SERVE_ERR"
	SERVE_PID=$!
	servers+=("$SERVE_PID")
	wait_for "[ -s '$base.url' ] || ! alive $SERVE_PID"
	if ! read -r CHAT_URL 2>/dev/null <"$base.url"; then
		result 1 'chat-serve starts'
		diag "$(cat "$SERVE_ERR")"
		exit 1
	fi
	export CHAT_URL
}

# stop PID: ends the process with TERM, or with KILL if it does not end. Returns its exit status.
stop() {
	kill -TERM -- "-$1" 2>/dev/null
	wait_for "! alive $1" 8 || kill -KILL "$1"
	kill -KILL -- "-$1" 2>/dev/null
	forget "$1"
	wait "$1" 2>/dev/null
}

# slay PID: kills the process at once; for servers that die in the middle of a test.
slay() {
	{
		kill -KILL "$1"
		wait "$1"
	} 2>/dev/null
	forget "$1"
}

stop_all() {
	local pid
	for pid in "${spawned[@]}"; do
		is_server "$pid" || stop "$pid"
	done
	for pid in "${spawned[@]}"; do
		stop "$pid"
	done
}

is_server() {
	[[ " ${servers[*]} " = *" $1 "* ]]
}

# stop_servers: ends the servers that still run. Each must exit with 0, so that an error that a sanitizer
# found fails the test.
stop_servers() {
	local pid got
	for pid in "${spawned[@]}"; do
		is_server "$pid" || stop "$pid"
	done
	for pid in "${spawned[@]}"; do
		stop "$pid"
		got=$?
		is "$got" 0 'chat-serve ends with 0 on SIGTERM' || diag "$(cat "$TMP"/serve.*.err)"
	done
}

done_testing() {
	stop_servers
	echo "1..$tests_run"
	exit $((tests_failed > 0))
}

clean_up() {
	local status=$?
	trap - EXIT TERM INT HUP
	stop_all >/dev/null
	eval "$AT_EXIT"
	rm -rf "$TMP"
	exit "$status"
}

trap clean_up EXIT
trap 'exit 124' TERM
trap 'exit 130' INT
trap 'exit 129' HUP
