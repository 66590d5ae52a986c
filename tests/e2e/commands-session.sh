#!/bin/bash
#
# The session of README.md, pasted as it stands into an interactive bash and an interactive zsh, does in
# both what it says.

. tests/lib.sh

# Its commands, on a port that is free: the clients wait until it is known.
mkdir -p "$TMP/clone/build"
cat >"$TMP/clone/build/chat-serve" <<'END'
#!/bin/sh
exec "$BUILD/chat-serve" --listen 127.0.0.1:0 --url-file url "$@"
END
for command in chat-listen chat-send chat-validate; do
	cat >"$TMP/clone/build/$command" <<END
#!/bin/bash
until [ -s url -o -e served ]; do read -rt 0.01 <>"$TMP/never"; done
cat url >>served 2>"$TMP/late" # it may be gone, at the end
CHAT_URL=\$(head -n 1 served) exec "$BUILD/$command" "\$@"
END
done
chmod +x "$TMP"/clone/build/*
sed -n '/^## A session/,/^```$/p' README.md | sed '1,/^```sh/d; /^```$/d' >"$TMP/session"
[ "$(lines "$TMP/session")" -ge 8 ]
ok 'the session is there'

for shell in 'bash --norc -i' 'zsh -f -i'; do
	read -ra words <<<"$shell"
	cd "$TMP/clone" || exit 1
	rm -f url served chat.ndjson
	{ cat "$TMP/session" && printf 'wait\nexit\n'; } |
		TERM=dumb NO_COLOR=1 /usr/bin/python3 "$TOP/tests/helpers/pasting.py" "${words[@]}" >"$TMP/shown"
	ok "$shell: ends" || diag "$(<"$TMP/shown")"
	cd "$TOP" || exit 1
	tr -d '\r' <"$TMP/shown" >"$TMP/shown.lines"
	unlike "$(<"$TMP/shown.lines")" 'not found|no match|bad pattern|parse error|Usage|Try|refused' 'complains of nothing' ||
		diag "$(<"$TMP/shown.lines")"
	like "$(<"$TMP/shown.lines")" '<alice> hello bob' 'bob sees the text'
	is "$(jq -r 'select(.type == "message") | .content' "$TMP/clone/chat.ndjson" | paste -sd,)" 'hello bob,one,two' \
		'the log has the messages'
	is "$(grep '^{"type":"message"' "$TMP/shown.lines" | jq -r .content | paste -sd,)" 'hello bob,one,two' 'and so have the receipts'
	is "$(grep -cx bob "$TMP/shown.lines")" 1 'it is said who is there'
	like "$(<"$TMP/shown.lines")" 'type message: 3' 'and the log is checked'
done
done_testing
