#!/bin/bash
#
# What `make` makes of a compiler: each flag for hardening is tried once, and used if the compiler knows it.

. tests/lib.sh

# What the make that runs the tests was told is not for these.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES SANITIZE CFLAGS CPPFLAGS LDFLAGS

# A compiler that knows one flag less, warns of a second one, and notes each of its runs.
cat >"$TMP/cc" <<'END'
#!/bin/sh
echo run >>"${0%/*}/runs"
case " $* " in
*' -fcf-protection '*) echo 'error: -fcf-protection is for another machine' >&2; exit 1 ;;
*' -fstack-clash-protection '*) echo 'warning: -fstack-clash-protection is unused' >&2 ;;
esac
exec cc "$@"
END
chmod +x "$TMP/cc"

# tries [VARIABLE=VALUE…]: the flags that make has found for this compiler; its exit status is in $status.
tries() {
	make BUILD="$TMP/build" CC="$TMP/cc" "$@" "$TMP/build/flags" >"$OUT" 2>"$ERR"
	status=$?
	cat "$TMP/build/hardening"
}

like "$(tries)" '^ -fstack-protector-strong (.* )?-fPIE .*-D_FORTIFY_SOURCE=[23]$' \
	'hardening is what the compiler takes'
unlike "$(cat "$TMP/build/hardening")" '-fcf|-fstack-clash' 'without what it refuses and what it warns of'
like "$(cat "$OUT")" '^hardening: -fstack-protector-strong ' 'make says which it is'
runs=$(lines "$TMP/runs")
tries >/dev/null
is "$(lines "$TMP/runs")" "$runs" 'another make does not run the compiler again'
unlike "$(tries CFLAGS=-O0)" FORTIFY 'other flags are tried anew: no fortification without optimization'

make -n BUILD="$TMP/none" CC="$TMP/cc" "$TMP/none/lib/text/utf8.o" >"$OUT" 2>&1
ok 'make -n shows a build' || diag "$(cat "$OUT")"
[ ! -e "$TMP/none" ]
ok 'and makes nothing'

exits 2 'a compiler that is not there ends make' make BUILD="$TMP/none" CC="$TMP/nosuch" "$TMP/none/flags"
like "$(cat "$OUT" "$ERR")" nosuch 'with its name'
[ ! -e "$TMP/none/flags" ]
ok 'and is tried again by the next one'

done_testing
