#ifndef LISTEN_FROM_LOG_H
#define LISTEN_FROM_LOG_H

#include "listen/listener_options.h"

/*
 * A log of these tools in place of a server: its lines go through the filter to stdout, as they are
 * or as people read them. Of a pipe each line is shown as it comes. path: "-" is stdin; self: who
 * is meant by --no-self. Returns the exit status: CHAT_EXIT_BAD_LINE where lines were no messages
 * of a server; they were said on stderr by their numbers. Dies by SIGPIPE when its reader is gone.
 */
int from_log_show(
	const char *path, const struct listener_options *options, const struct identity *self);

#endif
