#ifndef LISTEN_LISTENER_OPTIONS_H
#define LISTEN_LISTENER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "listen/filter.h"
#include "listen/since.h"

/* How a history is printed. */
enum listener_history {
	LISTENER_HISTORY_AUTO, /* flat if it is what was missed, else a line */
	LISTENER_HISTORY_LINE, /* one line, as it came */
	LISTENER_HISTORY_FLAT, /* a line for each of its messages */
	LISTENER_HISTORY_NONE
};

/* The options of chat-listen, read by options.c. */
struct listener_options {
	struct filter filter;
	enum listener_history history;
	int64_t last; /* messages of the history; -1: all */
	struct since since;
	int64_t count; /* lines to print; 0: no limit */
	int64_t timeout_ms; /* of the whole run; 0: none */
	int64_t until_idle_ms; /* without a message ends the run; 0: the run goes on */
	bool no_follow; /* the run ends after the history */
	bool wait; /* a first connection that fails is tried again as well */
	int64_t retry_for_ms; /* without progress; -1: for ever */
	bool hidden; /* the channel is not told that we are here */
	bool events; /* lines of our own are printed: {"type":"$gap",…} */
	bool human; /* lines for people, not JSON */
	bool color; /* of human */
	bool saves; /* files are saved */
};

#endif
