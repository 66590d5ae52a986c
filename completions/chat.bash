# shellcheck shell=bash
#
# Completion of the chat tools for bash, with the functions of bash-completion. A letter stands before
# its long name; a name with = takes a value, one with [= may.

# _chat_unabbreviate OPTIONS: makes $prev the option of which it is the beginning, if only one begins so.
_chat_unabbreviate() {
	local option found=()
	for option in $1; do
		option=${option%%[=[]*}
		[[ $option != "$prev" ]] || return
		[[ $prev != --?* || $option != "$prev"* ]] || found+=("$option")
	done
	[[ ${#found[@]} -ne 1 ]] || prev=${found[0]}
}

# _chat_exec: completes the command after --exec; fails where there is none.
_chat_exec() {
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} != --exec ]] || { _command_offset $((i + 1)); return 0; }
	done
	return 1
}

_chat() {
	# shellcheck disable=SC2034 # _init_completion sets them
	local cur prev words cword split options values value list=''
	[[ ${1##*/} != chat-listen ]] || ! _chat_exec || return 0
	_init_completion -s || return

	case ${1##*/} in
	chat-serve)
		options='-l --listen= --url-file= --origin= --host= --trust-proxy= --proxy-protocol=
			--no-web --metrics= --loops= --tokens= --new-token= --open --user= --no-sandbox
			--max-failures= --tls-cert= --tls-key= --tls-client-ca= --stdin --history=
			--history-bytes= --history-keep= --history-memory= --grace= --crowd=
			--nonce-time= --max-nonces= --nonce-memory= --journal= --sync= --journal-segment=
			--journal-max-bytes= --journal-max-age= --journal-max-messages=
			--disk-timeout= --repair --cluster= --cluster-name= --cluster-replicas=
			--cluster-wait= --cluster-creds= --cluster-ca= --cluster-cert= --cluster-key= --max-message= --max-init= --max-fragments=
			--max-connections= --max-per-address= --max-channels= --max-members=
			--max-errors= --rate= --burst= --rate-bytes= --rate-join= --queue= --queue-total=
			--receive-total= --unsynced-total= --head-timeout=
			--init-timeout= --message-timeout= --close-timeout= --progress-timeout=
			--ping-interval= --ping-timeout= -q --quiet -v --verbose -h --help -V
			--version'
		;;
	chat-send)
		options='-l --lines -f --file= --name= --mime= --replay= --speed= --split --replace --ack=
			--window= --retry-for= -W --timeout= --visible --reply[= -T --tee --full-receipts -q
			--quiet -U --url= -c --channel= -u --username= --id= --token-file=
			--cacert= --cert= --key= -k --insecure --unix-socket= --connect-timeout=
			--dead-after= -v --verbose -h --help -V --version'
		;;
	chat-listen)
		options='-t --type= --from= --no-self --no-user
			--no-loop --max-hops= -n --last= --since= --from-log= --cursor-file=
			--history= -C --count= -W --timeout= --until-idle= --no-follow --wait
			--retry-for= --no-reconnect -q --quiet -H --human --color= --events --save-files=
			--exec --restart --hidden -U --url= -c --channel= -u
			--username= --id= --token-file= --cacert= --cert= --key= -k --insecure
			--unix-socket= --connect-timeout= --dead-after= -v --verbose -h --help -V
			--version'
		;;
	chat-validate)
		options='--from= --strict --state --max-line= -j --jobs= --format= --max-errors= -q --quiet
			--stats --filter --invert --rejects= --schema -h --help -V --version'
		;;
	esac

	_chat_unabbreviate "$options"
	case "${1##*/} $prev" in
	"chat-send --ack")
		values='auto nonce echo close'
		;;
	"chat-serve --sync")
		values='always batch never'
		;;
	"chat-serve --journal")
		_filedir -d
		return
		;;
	"chat-serve --user")
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	"chat-listen -t" | "chat-listen --type")
		values='message error userData userStatus history'
		[[ $cur != *,* ]] || list=${cur%,*},
		;;
	"chat-listen --history")
		values='auto line flat none'
		;;
	"chat-listen --color")
		values='auto always never'
		;;
	"chat-validate --from")
		values='client server any input'
		;;
	"chat-validate --format")
		values='text json github tap sarif'
		;;
	*" --url-file" | "chat-send -f" | *" --file" | *" --replay" | *" --token-file" | *" --cacert" | *" --tls-"* | *" --tokens" | \
		*" --cert" | *" --key" | *" --unix-socket" | *" --cursor-file" | *" --from-log" | *" --rejects")
		_filedir
		return
		;;
	*" --save-files")
		_filedir -d
		return
		;;
	esac
	if [[ -n ${values-} ]]; then
		# Of a list, what is not in it yet.
		for value in $values; do
			[[ ,$list = *",$value,"* || $list$value != "$cur"* ]] || COMPREPLY+=("$list$value")
		done
		return
	fi
	[[ " $options " =~ \ $prev(=|\ --[a-z-]+=)\  ]] && return # a value that nobody can guess

	if [[ $cur = -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		COMPREPLY=("${COMPREPLY[@]%\[=}")
		[[ ${COMPREPLY-} = *= ]] && compopt -o nospace
	elif [[ ${1##*/} = chat-validate ]]; then
		_filedir
	fi
}

complete -F _chat chat-serve chat-send chat-listen chat-validate
