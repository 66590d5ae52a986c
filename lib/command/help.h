#ifndef CHAT_COMMAND_HELP_H
#define CHAT_COMMAND_HELP_H

#include "chat/buf.h"
#include "command/opt.h"

/*
 * Appends the text of --help: synopsis, about, the options of table and then those of more (each
 * ends with a zeroed entry), epilogue. For chat_opt_parse.
 */
void chat_help_write(struct chat_buf *out, const struct chat_opt *table,
	const struct chat_opt *more, const struct chat_usage *usage);

#endif
