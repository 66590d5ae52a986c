#ifndef CHAT_COMMAND_PROGRESS_H
#define CHAT_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How far something long is: a line on stderr that is drawn over, where that is a terminal. For
 * commands. Zero-initialised it is off.
 */
struct chat_progress {
	bool on;
	bool shown;
	uint64_t after_us; /* what is done by then needs no bar */
	const char *name; /* borrowed */
	uint64_t size; /* bytes in all; 0: not known, and nothing is shown */
	uint64_t done;
	uint64_t begun_us, drawn_us;
};

void chat_progress_init(struct chat_progress *progress, bool wanted, int64_t after_ms);
void chat_progress_begin(struct chat_progress *progress, const char *name, uint64_t size);
void chat_progress_add(struct chat_progress *progress, uint64_t more_bytes);

/* Takes the line away: at the end, or before something else is written on the terminal. */
void chat_progress_hide(struct chat_progress *progress);

#endif
