#ifndef CHAT_COMMAND_OPT_PARSE_H
#define CHAT_COMMAND_OPT_PARSE_H

#include "command/opt.h"

/*
 * Reads a command line by an option table into settings, which must contain the defaults; --help
 * shows them. Moves the operands to the end of argv, unless usage has stop_at_operand. argv must
 * outlive the settings, which point into it. Returns the index of the first operand.
 *
 * Adds the options -h, --help, -V and --version after those of the table; they print on stdout and
 * exit with 0. A usage error exits with 64.
 */
int chat_opt_parse(int argc, char **argv, const struct chat_opt *table,
	const struct chat_usage *usage, void *settings);

#endif
