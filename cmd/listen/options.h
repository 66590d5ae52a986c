#ifndef LISTEN_OPTIONS_H
#define LISTEN_OPTIONS_H

#include <stdbool.h>

#include "client/settings.h"
#include "command/opt.h"
#include "listen/listener.h"

/*
 * The command line of chat-listen.
 */
struct options {
	struct settings settings;
	struct listener_options listener;
	struct chat_strings types;
	const char *cursor_file, *save_dir; /* NULL: none */
	bool quiet;
	int output_fd; /* for lines */
	const char *log; /* to be shown in place of a server; NULL: none */
	char **command; /* of --exec, NULL-terminated; NULL: none */
	bool restart;
	char **urls;
	size_t url_count;
};

/* Reads it, or exits with 64. argv is borrowed. */
void options_parse(struct options *options, int argc, char **argv);

#endif
