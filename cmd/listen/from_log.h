#ifndef LISTEN_FROM_LOG_H
#define LISTEN_FROM_LOG_H

#include "listen/listener_options.h"

/*
 * Prints the lines of a log that the filter wants, as they are or with --human. The lines of a pipe
 * are shown as they come. path "-" is stdin; self is the user of --no-self. Returns the exit
 * status: CHAT_EXIT_BAD_LINE if some lines are no messages of a server, of which stderr has the
 * numbers. Dies by SIGPIPE when nobody reads stdout any more.
 */
int from_log_show(
	const char *path, const struct listener_options *options, const struct identity *self);

#endif
