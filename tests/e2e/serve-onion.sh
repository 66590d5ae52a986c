#!/bin/bash
#
# What chat-serve(1) says of a Tor onion service, run as it stands there in a network of Tor that is all on this machine:
# an authority, six relays, the service and a client. It takes its time until they trust each other.

FULL_LIMIT=600
. tests/lib.sh
. tests/helpers/printed.sh

[ -n "$full" ] || skip_all 'a network of Tor begins in half a minute and more (CHAT_TEST_FULL=1)'
for program in tor tor-gencert; do
	command -v "$program" >"$TMP/found" || skip_all "there is no $program"
done

# ---- a network ----

read -r serve_port socks_port directory_port or_port relay_ports < <("$TOP/tests/helpers/ports.py" 10)
declare -A tor=()
relays=()

# node NAME LINE…: makes a folder with the torrc of these lines, and those that all have.
node() {
	local folder=$TMP/tor.$1
	(umask 077 && mkdir -p "$folder")
	printf '%s\n' 'TestingTorNetwork 1' "DataDirectory $folder" "Nickname $1" "$authority" 'PathsNeededToBuildCircuits 0.67' \
		"${@:2}" >"$folder/torrc"
}

starts() {
	spawn tor --defaults-torrc /dev/null -f "$TMP/tor.$1/torrc" >>"$TMP/tor.$1/log" 2>&1
	tor[$1]=$!
}

# knows NODE: it has made a circuit.
knows() {
	grep -q 'Bootstrapped 100%' "$TMP/tor.$1/log"
}

# make_authority: its keys. Sets authority to the line that names it.
make_authority() {
	local folder=$TMP/tor.authority identity fingerprint
	(umask 077 && mkdir -p "$folder/keys")
	(cd "$folder/keys" && echo secret | tor-gencert --create-identity-key --passphrase-fd 0 -m 1 -a "127.0.0.1:$directory_port" \
		>gencert.log 2>&1) || { diag "$(cat "$folder/keys/gencert.log")" && return 1; }
	identity=$(awk '$1 == "fingerprint" { print $2 }' "$folder/keys/authority_certificate")
	fingerprint=$(tor --list-fingerprint --defaults-torrc /dev/null -f "$TMP/empty" --DataDirectory "$folder" --ORPort "$or_port" \
		--Nickname authority --DirAuthority "none 127.0.0.1:1 $(printf '%040d' 0)" --DisableNetwork 1 --quiet)
	fingerprint=${fingerprint#* }
	authority="DirAuthority authority orport=$or_port v3ident=$identity 127.0.0.1:$directory_port ${fingerprint// /}"
}

: >"$TMP/empty"
make_authority
ok 'an authority has keys' || done_testing
node authority 'AuthoritativeDirectory 1' 'V3AuthoritativeDirectory 1' 'ContactInfo tester@example.org' "ORPort 127.0.0.1:$or_port" \
	"DirPort 127.0.0.1:$directory_port" 'Address 127.0.0.1' 'AssumeReachable 1' 'SocksPort 0' 'ExitRelay 0' \
	'TestingV3AuthInitialVotingInterval 10' 'TestingV3AuthInitialVoteDelay 2' 'TestingV3AuthInitialDistDelay 2' \
	'V3AuthVotingInterval 10' 'V3AuthVoteDelay 2' 'V3AuthDistDelay 2' 'MinUptimeHidServDirectoryV2 0' \
	'TestingDirAuthVoteExit *' 'TestingDirAuthVoteHSDir *' 'TestingDirAuthVoteGuard *'
for port in $relay_ports; do
	relays+=("relay$port")
	node "relay$port" "ORPort 127.0.0.1:$port" 'Address 127.0.0.1' 'AssumeReachable 1' 'SocksPort 0' 'ExitRelay 0'
done
mapfile -t lines < <(printed HiddenServiceDir | sed "s|/var/lib/tor/chat|$TMP/tor.service/chat|; s|:3001|:$serve_port|")
node service "${lines[@]}" 'SocksPort 0'
node client "SocksPort 127.0.0.1:$socks_port"
for name in authority "${relays[@]}" service client; do
	starts "$name"
done
wait_for '[ -s "$TMP/tor.service/chat/hostname" ]' 60
name=$(<"$TMP/tor.service/chat/hostname")
wait_for 'knows service && knows client' 240
ok 'a network of Tor is there' || diag "$(tail -n 12 "$TMP"/tor.*/log)"
diag "after $SECONDS s"

# ---- a chat in it ----

new_tokens alice bob
export listen=127.0.0.1:$serve_port all_proxy=socks5h://127.0.0.1:$socks_port
serves 'chat-serve --proxy-protocol 127.0.0.1 --tokens tokens --host NAME.onion' "${name%.onion}"
at=ws://$name/ops
send() {
	CHAT_TOKEN=${token[$1]} chat-send -u "$1" -U "$at" -W 120s --retry-for forever "${@:2}"
}

exits 0 'chat-send to the name of the service' send alice hi
diag "after $SECONDS s"
is "$(jq -r .channel "$OUT")" /ops 'says it in that channel'
like "$(cat "$said")" 'fc00:dead:beef:4dad::/64: alice joins /ops' 'the server gets an address of Tor for all that come so'
CHAT_TOKEN=${token[bob]} spawn chat-listen -u bob -U "$at" --since all -t message >"$TMP/heard" 2>"$TMP/heard.err"
wait_for '[ "$(lines "$TMP/heard")" -eq 1 ]' 60
ok 'chat-listen hears it' || diag "$(cat "$TMP/heard.err")"
exits 0 'and what is said later' send alice again
wait_for '[ "$(lines "$TMP/heard")" -eq 2 ]' 60
exits 77 'a wrong token' env CHAT_TOKEN=wrong chat-send -u alice -U "$at" -W 120s hi
for end in client service; do
	slay "${tor[$end]}"
	starts "$end"
	exits 0 "the $end's tor dies and comes again" send alice "after the $end"
	wait_for "grep -q 'after the $end' '$TMP/heard'" 120
	ok "and chat-listen is there again" || diag "$(cat "$TMP/heard.err")"
	diag "after $SECONDS s"
done
is "$(jq -r .content "$TMP/heard" | paste -sd,)" 'hi,again,after the client,after the service' 'nothing is missing or there twice'
exits 68 'without the proxy it has no name' env -u all_proxy CHAT_TOKEN="${token[alice]}" chat-send -u alice -U "$at" --retry-for 0s hi

done_testing
