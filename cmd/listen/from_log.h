#ifndef LISTEN_FROM_LOG_H
#define LISTEN_FROM_LOG_H

#include "listen/listener_options.h"
#include "listen/save.h"

/* A log, and where its lines go. All is borrowed. */
struct from_log {
	const char *path; /* the log; "-": stdin */
	const struct listener_options *options;
	const struct identity *self; /* the user of --no-self */
	const struct saver *saver; /* the files in messages are saved there; NULL: they are not */
	int output_fd;
};

/*
 * Prints the lines of a log that the filter selects, unchanged or with --human, or with the path of
 * a saved file. Does not wait for the end of a pipe. Returns the exit status: CHAT_EXIT_NO_INPUT
 * after a read error, that of a file that could not be saved, which ends it, or CHAT_EXIT_BAD_LINE
 * if lines were no messages of a server; stderr has their numbers. Exits if the log cannot be
 * opened or the output cannot be written; dies by SIGPIPE if nobody reads the output any more.
 */
int from_log_show(const struct from_log *from);

#endif
