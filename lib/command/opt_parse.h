#ifndef CHAT_COMMAND_OPT_PARSE_H
#define CHAT_COMMAND_OPT_PARSE_H

#include "command/opt.h"

/*
 * Reads a command line by an option table into settings, which hold the defaults; --help shows
 * these. argv is reordered, the operands last, and borrowed by the settings.
 *
 * The options -h, --help, -V and --version are added behind the table; they print on stdout and
 * exit with 0. A usage error exits with 64. Returns the index of the first operand.
 */
int chat_opt_parse(int argc, char **argv, const struct chat_opt *table,
	const struct chat_usage *usage, void *settings);

#endif
