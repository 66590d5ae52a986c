#!/bin/bash
#
# --help, the manual pages and the completions have the same options with the same values, and what they
# refer to exists. Here an option is written --name, --name= where it takes a value, --name[= where the
# value is optional, or -x.

. tests/lib.sh

commands='chat-serve chat-send chat-listen chat-validate'

# ---- where options are said ----

help_options() {
	"$1" --help | sed -nE 's/^  (-[a-zA-Z0-9])?,? *(--[a-z0-9-]+(\[?=)?)?.*/\1 \2/p' | words
}

manual_options() {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh [^O]/s/^\.It Fl //p' "man/$1.1" |
		sed -E 's/ Ns Op = .*/[=/; s/ Ns = Ns Ar.*/=/; s/ Ar .*//; s/(^|, Fl )(-?[a-zA-Z0-9-]+)/ -\2/g' | words
}

bash_options() {
	bash_completes "$1" - | words
}

zsh_options() {
	section "_$1()" '}' completions/_chat | sed -nE "s/^\t+('[^']*'|)(\{[^}]*\}|'\*?-[^[]*\[).*/\2/p" |
		sed -E "s/\[$//; s/[{}',+*]/ /g; s/(--[a-z0-9-]+)=-/\1[=/g" | words
}

fish_options() {
	grep "^complete -c $1 " "completions/$1.fish" | awk '{
		letter = name = value = ""
		for (i = 4; i <= NF && $i !~ /^-d$/; i++) {
			if ($i == "-s") letter = "-" $++i
			else if ($i == "-l") name = "--" $++i
			else if ($i ~ /^-[xr]/) value = "="
		}
		for (i = 4; i <= NF; i++) if ($i == "#optional") value = "[="
		print letter, name value }' | words
}

words() {
	tr -s ' \t' '\n' | grep -- '^-' | LC_ALL=C sort -u
}

# section BEGIN END FILE: the lines between these two.
section() {
	awk -v begin="$1" -v end="$2" '$0 == end { on = 0 } on; $0 == begin || index($0, begin " ") == 1 { on = 1 }' "$3"
}

# bash_completes WORD…: what bash offers for the last one.
bash_completes() {
	bash --norc -c '
		. /usr/share/bash-completion/bash_completion
		. completions/chat.bash
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=$((${#COMP_LINE})) COMPREPLY=()
		"$(complete -p "$1" | sed -n "s/.* -F \([^ ]*\) .*/\1/p")" "$1" "${!#}" "${COMP_WORDS[$# - 2]}"
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" 2>/dev/null
}

# ---- what bash offers ----

is "$(bash_completes chat-listen -t m)" message 'bash: the types of -t'
is "$(bash_completes chat-listen -t message,user | paste -sd' ')" 'message,userData message,userStatus' 'the next type of a list'
is "$(bash_completes chat-listen -t userData,error, | paste -sd' ')" \
	'userData,error,message userData,error,userStatus userData,error,history' 'those that are not in it yet'
is "$(bash_completes chat-validate --fo s)" sarif 'the values of an option that is cut short'
is "$(bash_completes chat-send --user)" --username= 'an option'
is "$(bash_completes chat-send --user a)" '' 'a value that nobody can guess'
is "$(bash_completes chat-serve --user roo)" root 'a user of the system'
is "$(bash_completes chat-listen --exec chat-val)" chat-validate 'a command'
is "$(bash_completes chat-listen -u helpbot --exec chat-validate --sch)" --schema 'and its options'
is "$(bash_completes chat-listen --ex)" --exec 'before it, the option'

for command in $commands; do
	help_options "$command" >"$TMP/help"
	[ "$(lines "$TMP/help")" -ge 6 ]
	ok "$command --help lists its options"
	is "$("$command" --help | LC_ALL=C grep -c '[^ -~]')" 0 'and is plain ASCII'
	for place in manual bash zsh fish; do
		"${place}_options" "$command" >"$TMP/$place"
		# bash offers such an option without what may follow.
		[ "$place" != bash ] || sed 's/\[=$//' "$TMP/help" >"$TMP/bare"
		is "$(diff "$TMP/$([ "$place" = bash ] && echo bare || echo help)" "$TMP/$place")" '' "$command: the $place has the options of --help and no other"
	done

	# An option with a few words as values names them when it meets another.
	sed -n 's/^\(--.*[^[]\)=$/\1/p' "$TMP/help" | while read -r option; do
		values=$("$command" "$option=?" --no-such-option 2>&1 | sed -n '1s/.*not one of //p')
		[ -n "$values" ] || continue
		values=$(tr -d ',' <<<"$values" | tr ' ' '\n' | LC_ALL=C sort | paste -sd' ')
		item=$(awk -v item="Fl ${option#-}" '/^\.It / { on = index($0, item " ") || $0 ~ item "$" } on' "man/$command.1")
		is "$(grep -oE '\bCm [a-z]+' <<<"$item" | sed 's/Cm //' | LC_ALL=C sort -u | paste -sd' ')" "$values" \
			"$command $option: its values in the manual"
		is "$(bash_completes "$command" "$option" '' | LC_ALL=C sort | paste -sd' ')" "$values" \
			"$command $option: its values in bash"
		zsh=$(section "_$command()" '}' completions/_chat | grep -e "$option" | sed -n 's/.*:(\(.*\)).*/\1/p')
		is "$(tr ' ' '\n' <<<"$zsh" | LC_ALL=C sort | paste -sd' ')" "$values" "$command $option: its values in zsh"
		fish=$(sed -n "s/^complete -c $command .*-l ${option#--} .*-xa '\([^']*\)'.*/\1/p" "completions/$command.fish")
		is "$(tr ' ' '\n' <<<"$fish" | LC_ALL=C sort | paste -sd' ')" "$values" "$command $option: its values in fish"
	done
done

bash -n completions/chat.bash && zsh -n completions/_chat && fish -n completions/*.fish
ok 'the completions are well-formed'

# ---- the manual ----

man_section() {
	awk -v section="$1" '/^\.Sh / { on = $0 == ".Sh " section } on' "$2"
}

for command in $commands; do
	page=man/$command.1
	for section in NAME SYNOPSIS DESCRIPTION OPTIONS ENVIRONMENT 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		[ -n "$(man_section "$section" "$page")" ]
		ok "$page has $section"
	done
	is "$(man_section 'EXIT STATUS' "$page")" "$(man_section 'EXIT STATUS' man/chat.7)" "$page: the exit statuses of all"
	is "$("$command" --help | grep -oE '\b(CHAT|NO)_[A-Z_]+' | sort -u | while read -r variable; do
		man_section ENVIRONMENT "$page" | grep -qw "$variable" || echo "$variable"
	done)" '' "$page: every variable of --help is in ENVIRONMENT"
done

sed -n 's/.*CHAT_EXIT_[A-Z_]* = \([A-Z0-9_]*\).*/\1/p' lib/command/diag.h | sed 's/^EX_/#EX_/' >"$TMP/exits"
statuses=$(while read -r status; do
	[[ $status = '#'* ]] && status=$(sed -nE "s/^#define[[:space:]]+${status#?}[[:space:]]+([0-9]+).*/\1/p" /usr/include/sysexits.h)
	echo "$status"
done <"$TMP/exits" | sort -n)
is "$(man_section 'EXIT STATUS' man/chat.7 | sed -n 's/^\.It \([0-9]*\)$/\1/p' | sort -n)" "$statuses" \
	'the exit statuses are those of the code'

is "$(grep -hoE '(getenv|environment)\("[A-Z_]+"\)' lib/*/*.c cmd/*.c cmd/*/*.c cmd/serve/*/*.c | grep -oE '[A-Z_]{3,}' | sort -u |
	while read -r variable; do
		grep -q "^\.It Ev.*\b$variable\b" man/*.[17] || echo "$variable"
	done)" '' 'every variable that is read is in a manual page'

is "$(sed -nE 's/^\.Xr ([^ ]+) ([0-9]).*/\1.\2/p' man/* | sort -u | while read -r page; do
	[ -e "man/$page" ] || { [ "${page##*.}" = 3 ] && grep -qxE "\.Nm ${page%.3}( ,)?" man/*.3; } || [[ $page = @(free.3|jq.1|mawk.1|curl.1|tail.1|prove.1|fork.2|poll.2|epoll.7) ]] || echo "$page"
done)" '' 'every page referred to exists'

is "$(grep -nE '@[A-Z_]+@' man/*)" '' 'nothing in a page is left to be filled in'

# warnings WIDTH PAGE…: what is wrong with the pages on a terminal of that width.
warnings() {
	local page width=$1
	shift
	for page in "$@"; do
		MANWIDTH=$width man --warnings -l "$page" 2>&1 >"$TMP/page" | grep -v 'cannot adjust line' | sed "s|^|$page: |"
	done
}

is "$(warnings 80 man/*)" '' 'the pages are rendered without a warning'
is "$(warnings 60 man/*.[157])" '' 'those of the commands on a narrow terminal too'

# ---- the protocol's page ----

is "$(man_section 'ERROR CODES' man/chat-protocol.7 | sed -n 's/^\.It Cm //p' | sort)" \
	"$(awk '/^enum chat_code/ { on = 1 } /CHAT_BYTE_ORDER_MARK/ { exit } on' lib/chat/err.h |
		sed -n 's/^\tCHAT_\([A-Z0-9_]*\),.*/\1/p' | grep -vx OK | tr '[:upper:]' '[:lower:]' | sort)" \
	'chat-protocol(7) explains every error code'

# type property kind, of the schema: references followed, one level of objects and arrays entered; an
# addition has no kind there.
chat-validate --schema | jq -r '
	. as $schema
	| def resolve: if has("$ref") then .["$ref"][2:] / "/" | . as $path | $schema | getpath($path) else . end;
	def kind: .type // (if .const then "string" else "+" end);
	[.. | objects | select(.properties?.type?.const)] | unique[]
	| .properties.type.const as $type
	| .properties | to_entries[] | .key as $key | (.value | resolve) as $value
	| "\($type) \($key) \($value | kind)",
	(($value.properties // (($value.items // {}) | resolve | .properties)) // {} | to_entries[]
		| select($key == "file" or $key == "users")
		| "\($type) \($key).\(.key) \(.value | kind)")' | LC_ALL=C sort -u >"$TMP/schema"
awk '/^\.Ss / { type = $2 } / Ta (string|integer|boolean|array|object) Ta / {
		if ($2 != "+") print type, $2, $4; else print type, $3, "+" }' \
	man/chat-protocol.7 | LC_ALL=C sort -u >"$TMP/tables"
is "$(diff "$TMP/schema" "$TMP/tables")" '' 'chat-protocol(7) has the properties of the schema'

# ---- the limits ----

# limits CHECK NAME
limits() {
	exits 0 "$2" /usr/bin/python3 tests/helpers/limits_table.py "$1"
}

limits names 'LIMITS of chat-serve(1) has a row for each option that bounds something, and for no other'
limits defaults 'LIMITS has the defaults of the code, and so do --help and OPTIONS'
limits words 'what LIMITS says that peers are told is explained in chat-protocol(7)'
limits cases 'each row of LIMITS has a case that holds the server to it'

# ---- the README ----

[ -s README.md ] && [ "$(lines README.md)" -lt 150 ]
ok 'the README is shorter than 150 lines'
sed -n '/^```sh$/,/^```$/{/^```/!p}' README.md >"$TMP/readme"
is "$(perl -0pe 's/\\\n//g; s/\x27[^\x27]*\x27/Q/gs; s/"[^"]*"/Q/gs; s/^\$ //gm; s/(^|[ \t])#.*$//gm; s/&&|\|\||[|;&]|\$\(|^\(/\n/gm' \
	"$TMP/readme" | sed -E 's/^[[:space:]]+//; s/^(export )?([A-Z_]+=[^ ]*[[:space:]]*)+//' | while read -r command rest; do
	case $command in
	'' | Q*) continue ;;
	apt-get | cd | git) ;;
	make)
		for word in $rest; do
			[[ $word = *=* || $word = -* ]] || grep -q "^$word:" Makefile tests/*.mk || echo "make $word"
		done
		;;
	chat-*)
		for word in $rest; do
			[[ $word = --?* ]] || continue
			[[ $word != --exec ]] || break # what follows is another command's
			help_options "$command" | grep -qE -e "^${word%%=*}(\[?=)?$" || echo "$command $word"
		done
		command -v "$command" >/dev/null || echo "$command"
		;;
	./*) ;;
	*) command -v "$command" >/dev/null || echo "$command" ;;
	esac
done)" '' 'the commands of the README exist, with their options'

is "$(grep -oE '\]\([^)#]+\)' README.md | sed 's/^](//; s/)$//' | grep -v '^https\?:' | while read -r path; do
	[ -e "$path" ] || echo "$path"
done)" '' 'the files that the README points to exist'

version=$(sed -n 's/^VERSION = //p' Makefile)
is "$(grep -m 1 -oE '^[0-9]+(\.[0-9]+)+' man/NEWS)" "$version" 'the news begin with the version of the Makefile'
is "$(sed -n '1s/.*(\(.*\)-.*).*/\1/p' tests/package/debian/changelog)" "$version" "the package's changelog begins with it"

done_testing
