#ifndef LISTEN_OPTIONS_H
#define LISTEN_OPTIONS_H

#include <stdbool.h>

#include "command/strings.h"
#include "common/settings.h"
#include "listen/listener.h"

/* The command line of chat-listen, read and checked. Strings are borrowed from argv. */
struct options {
	struct settings settings;
	struct listener_options listener;
	struct chat_strings types; /* the arguments of --type */
	const char *cursor_file, *save_dir; /* NULL: none */
	bool quiet;
	int output_fd; /* gets the lines; set by the caller */
	const char *log; /* the file of --from-log; NULL: listen to servers */
	char **command; /* the command of --exec, NULL-terminated; NULL: none */
	bool restart;
	char **urls; /* the operands */
	size_t url_count;
};

/* Reads argv, which must outlive the options. Exits with 64 after a usage error. */
void options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
