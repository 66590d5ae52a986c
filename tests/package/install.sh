#!/bin/bash
#
# In a root of its own: the packages are installed, upgraded from a version before, removed and purged. Nothing is enabled
# or started, a configuration that was edited is kept, and purge leaves nothing but the system user.

LIMIT=600
. tests/lib.sh
. tests/package/root.sh

debs=("$PACKAGES"/*.deb)
names=(chat-serve chat-tools libchat0 libchat-dev libchat-client0 libchat-client-dev)
make_root "$RELEASE"

# ---- the version before ----

# The same packages with a lower version, in dependencies too, so that dpkg upgrades.
mkdir -p "$ROOT/new" "$ROOT/old"
for deb in "${debs[@]}"; do
	[[ $deb != *-dbgsym_* ]] || continue
	cp "$deb" "$ROOT/new"
	dpkg-deb -R "$deb" "$TMP/old"
	version=$(dpkg-deb -f "$deb" Version)
	sed -i "s/${version%-*}/0.0.1/g" "$TMP/old/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$TMP/old" "$ROOT/old" >"$OUT" || diag "$(cat "$OUT")"
	rm -rf "$TMP/old"
done

# ---- what is looked at ----

# listing: each file of the root, but for what dpkg, apt, ld.so and systemd-sysusers keep for all packages.
listing() {
	find "$ROOT" -xdev \( -path "$ROOT/dev" -o -path "$ROOT/proc" -o -path "$ROOT/tmp" -o -path "$ROOT/new" \
		-o -path "$ROOT/old" -o -path "$ROOT/var/lib/dpkg" -o -path "$ROOT/var/lib/apt" -o -path "$ROOT/var/cache" \
		-o -path "$ROOT/var/log" -o -name ld.so.cache -o -path "$ROOT/etc/*" -name '*-' \) -prune \
		-o ! -type d -printf '%P %m %U %G %l\n' -o -printf '%P/ %m %U %G\n' | LC_ALL=C sort
}

apt() {
	in_root apt-get -q -y --no-install-recommends "$@" >"$OUT" 2>&1 </dev/null
}

installed_versions() {
	in_root dpkg-query -W -f '${Version}\n' "${names[@]}" 2>/dev/null | sort -u
}

# enabled: links that make systemd start a unit of ours, and processes of ours.
enabled() {
	find "$ROOT/etc/systemd" -name 'chat-*' 2>/dev/null
	in_root ps -eo comm= 2>/dev/null | grep '^chat-'
}

# What ours need of Debian comes first, and stays.
needed() {
	in_root sh -c 'apt-get -s -q --no-install-recommends install /new/*.deb' |
		sed -n 's/^Inst \([^ ]*\) .*/\1/p' | grep -vxF "$(printf '%s\n' "${names[@]}")"
}
mapfile -t needed < <(needed)
apt install "${needed[@]}" procps
ok "what they need of $RELEASE is there: ${needed[*]}" || diag "$(tail "$OUT")"
listing >"$TMP/before"
cut -d: -f1 "$ROOT/etc/passwd" | sort >"$TMP/users"

# ---- install, upgrade ----

in_root sh -c 'apt-get -q -y install --no-install-recommends /old/*.deb' >"$OUT" 2>&1 </dev/null
ok 'the version before is installed' || diag "$(tail "$OUT")"
is "$(installed_versions)" 0.0.1-1 'all of it'
is "$(enabled)" '' 'nothing is enabled or started'
echo 'CHAT_SERVE_OPTIONS="--history 7"' >>"$ROOT/etc/default/chat-serve"
in_root install -d -o _chat-serve -m 700 /var/lib/private/chat-serve/journal
ln -s private/chat-serve "$ROOT/var/lib/chat-serve"
echo '{}' >"$ROOT/var/lib/private/chat-serve/journal/segment"

in_root sh -c 'apt-get -q -y install --no-install-recommends /new/*.deb' >"$OUT" 2>&1 </dev/null
ok 'it is upgraded' || diag "$(tail "$OUT")"
is "$(installed_versions)" "$(dpkg-deb -f "${debs[0]}" Version)" 'all of it'
is "$(enabled)" '' 'nothing is enabled or started'
is "$(tail -n 1 "$ROOT/etc/default/chat-serve")" 'CHAT_SERVE_OPTIONS="--history 7"' 'the edited configuration is kept'
is "$(cat "$ROOT/var/lib/chat-serve/journal/segment")" '{}' 'and the journal'
for command in chat-serve chat-send chat-listen chat-validate; do
	like "$(in_root $command --version)" "^$command .*[0-9]+\.[0-9]+" "$command runs"
done
is "$(in_root sh -c 'dpkg --verify chat-tools libchat0 libchat-dev; dpkg --audit')" '' 'dpkg finds nothing wrong'

# ---- remove, purge ----

apt remove "${names[@]}"
ok 'they are removed' || diag "$(tail "$OUT")"
listing >"$TMP/removed"
users='^etc/(passwd|group|shadow|gshadow|subuid|subgid) '
is "$(diff "$TMP/before" "$TMP/removed" | grep '^[<>]' | grep -vE "^[<>] ${users#^}" | grep -v /deb-systemd- |
	awk '{ print $1, $2 }')" \
	"> etc/default/chat-serve
> var/lib/chat-serve
> var/lib/private/chat-serve/
> var/lib/private/chat-serve/journal/
> var/lib/private/chat-serve/journal/segment" 'which leaves the configuration and the journal'

in_root dpkg --purge "${names[@]}" >"$OUT" 2>&1
ok 'they are purged' || diag "$(tail "$OUT")"
listing >"$TMP/purged"
is "$(diff "$TMP/before" "$TMP/purged" | grep '^[<>]' | grep -vE "^[<>] ${users#^}")" '' 'which leaves nothing'
is "$(cut -d: -f1 "$ROOT/etc/passwd" | sort | comm -13 "$TMP/users" -)" _chat-serve 'but the system user'
is "$(in_root sh -c 'dpkg-query -W "chat-*" "libchat*" 2>/dev/null')" '' 'dpkg knows nothing of them'

done_testing
