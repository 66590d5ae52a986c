#ifndef LISTEN_FROM_LOG_H
#define LISTEN_FROM_LOG_H

#include "listen/listener_options.h"

/*
 * Prints the lines of a log that the filter selects, unchanged or with --human. Does not wait for
 * the end of a pipe. path "-": stdin. self is the user of --no-self. Returns the exit status:
 * CHAT_EXIT_NO_INPUT after a read error, or CHAT_EXIT_BAD_LINE if lines were no messages of a
 * server; stderr has their numbers. Exits if the log cannot be opened or the output cannot be
 * written; dies by SIGPIPE if nobody reads stdout any more.
 */
int from_log_show(
	const char *path, const struct listener_options *options, const struct identity *self);

#endif
