# Completion of chat-validate for fish.

complete -c chat-validate -l from -xa 'client server any' -d 'only messages that a client or a server says (default any)'
complete -c chat-validate -l strict -d 'check also what the specification leaves open'
complete -c chat-validate -l max-line -x -d 'longer lines are errors (default 64M)'
complete -c chat-validate -l format -xa 'text json' -d 'how findings are written: text (default) or json'
complete -c chat-validate -l max-errors -x -d 'findings shown of each file; 0: all (default 100)'
complete -c chat-validate -s q -l quiet -d 'no findings, only the exit status'
complete -c chat-validate -l stats -d 'at the end, counts by type and by error'
complete -c chat-validate -l filter -d 'pass the valid lines on; findings go to stderr'
complete -c chat-validate -l invert -d 'pass the invalid lines on; findings go to stderr'
complete -c chat-validate -l schema -d 'print the rules as JSON Schema and exit'
complete -c chat-validate -s h -l help -d 'print this and exit'
complete -c chat-validate -s V -l version -d 'print the version and exit'
