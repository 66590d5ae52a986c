#ifndef CHAT_COMMAND_HELP_H
#define CHAT_COMMAND_HELP_H

#include "command/opt.h"
#include "text/buf.h"

/* Appends the text of --help: synopsis, line about the command, options, epilogue. */
void chat_help_write(
	struct chat_buf *out, const struct chat_opt_list *list, const struct chat_usage *usage);

#endif
