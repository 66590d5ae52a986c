#ifndef LISTEN_LISTENER_OPTIONS_H
#define LISTEN_LISTENER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "listen/filter.h"
#include "listen/since.h"

/* The ways to print a history. */
enum listener_history {
	LISTENER_HISTORY_AUTO, /* flat after a position or a lost connection, else as one line */
	LISTENER_HISTORY_LINE, /* one line, as it was received */
	LISTENER_HISTORY_FLAT, /* a line for each of its messages */
	LISTENER_HISTORY_NONE
};

/* The options of chat-listen, read by options.c. */
struct listener_options {
	struct filter filter;
	enum listener_history history;
	int64_t last; /* at most this number of messages of the history; -1: all */
	struct since since;
	int64_t count; /* messages to print; 0: no limit */
	int64_t timeout_ms; /* the limit of the whole run; 0: none */
	int64_t until_idle_ms; /* the run ends after this time without a message; 0: never */
	bool no_follow; /* the run ends after the history */
	bool wait; /* a first connection that fails is tried again as well */
	int64_t retry_for_ms; /* how long to try to connect again; 0: never; -1: no limit */
	bool hidden; /* the channel is not told that we are here */
	bool events; /* our own lines are printed: {"type":"$gap",…} */
	bool human; /* lines for people, not JSON */
	bool color; /* with human: the lines have colors */
	bool saves; /* the files in messages are saved */
};

#endif
