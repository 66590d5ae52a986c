#ifndef CHAT_COMMAND_PROGRESS_H
#define CHAT_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A progress bar on stderr, where that is a terminal: one line that is drawn over itself. Only
 * commands use this. A zeroed one is off and draws nothing.
 */
struct chat_progress {
	bool on;
	bool shown; /* the line stands on the terminal now */
	uint64_t after_us; /* work that takes less than this shows no bar */
	const char *name; /* of the work; borrowed */
	uint64_t size; /* bytes of the work; 0: unknown, and no bar is drawn */
	uint64_t done; /* bytes */
	uint64_t begun_us, drawn_us; /* chat_now_us */
};

/* Prepares a bar; wanted is false where the user wants none. */
void chat_progress_init(struct chat_progress *progress, bool wanted, int64_t after_ms);

/* Begins to count the bytes of one piece of work. */
void chat_progress_begin(struct chat_progress *progress, const char *name, uint64_t size);

/* Counts bytes that are done, and draws the bar when it is time. */
void chat_progress_add(struct chat_progress *progress, uint64_t more_bytes);

/* Erases the bar: at the end, and before anything else is written to the terminal. */
void chat_progress_hide(struct chat_progress *progress);

#endif
