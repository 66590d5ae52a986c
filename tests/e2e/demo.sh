#!/bin/bash
#
# `make demo` shows the same conversation to a person and to a program, names what is missing, and leaves no process
# behind: not in the end, not after Ctrl-C.

. tests/lib.sh

# A make that has nothing to do, so that these tests build nothing.
mkdir "$TMP/bin" "$TMP/hanging"
printf '#!/bin/sh\nexit 0\n' >"$TMP/bin/make"
chmod +x "$TMP/bin/make"
PATH=$TMP/bin:$PATH
demo() {
	CHAT_BUILD=$BUILD "$@" tests/demo.sh
}

# ---- what is shown ----

exits 0 'the demo works' demo env
like "$(cat "$OUT")" $'\n  [0-9:]{8} <alice> hello bob\n    \{"type":"message",[^\n]*"content":"hello bob"' \
	'a message as a person sees it, and below it as a program does'
like "$(cat "$OUT")" '<bot> pong alice' 'the bot answers'
like "$(cat "$OUT")" 'invalid: 0' 'the log is valid'
like "$(tail -n 1 "$OUT")" '^demo: done' 'the last line says that it is done'
is "$(cat "$ERR")" '' 'and nothing is wrong'

# ---- what is missing ----

# A compiler that finds no header of wslay.
cat >"$TMP/bin/cc-without-wslay" <<'END'
#!/bin/sh
sed 's|<wslay/wslay.h>|<no/such.h>|' | cc "$@"
END
chmod +x "$TMP/bin/cc-without-wslay"
exits 1 'a missing header ends the demo' demo env CC=cc-without-wslay
is "$(cat "$ERR")" 'demo: missing: libwslay-dev. This installs them: make deps-build' 'with its package and the remedy'
exits 1 'so does a missing compiler' demo env CC=no-such-cc
like "$(cat "$ERR")" 'missing: no-such-cc\..*make deps-build' 'by its name'

# A make that fails after its first step.
cat >"$TMP/bin/make" <<'END'
#!/bin/sh
case $* in *-n*) echo "printf '  CC" ;; *) echo '  CC      x.c'; echo 'x.c:1: error' >&2; exit 2 ;; esac
END
exits 1 'and a build that fails' demo env
like "$(cat "$ERR")" 'x\.c:1: error.*not built' 'with what the compiler said'
printf '#!/bin/sh\nexit 0\n' >"$TMP/bin/make"

# ---- no process is left ----

# A bot that never answers.
printf '#!/bin/sh\nread -r line <>"%s"\n' "$TMP/never" >"$TMP/hanging/jq"
chmod +x "$TMP/hanging/jq"
# ended_by SIGNAL TARGET: whom it is sent to, - for the whole session, as by Ctrl-C.
ended_by() {
	local session
	spawn env CHAT_BUILD="$BUILD" PATH="$TMP/hanging:$PATH" tests/demo.sh >"$TMP/shown" 2>&1
	session=$!
	wait_for "grep -q '<alice> !ping' '$TMP/shown'"
	kill -"$1" -- "$2$session"
	ends "$session" $((128 + $(kill -l "$1"))) "SIG$1 ends it"
	wait_for "! pgrep -s $session >'$TMP/left'"
	ok 'with all that it started' || diag "$(ps -s "$session")"
}
ended_by INT -
ended_by TERM ''
ended_by HUP ''

done_testing
