#ifndef CHAT_COMMAND_PROGRESS_H
#define CHAT_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A progress bar on stderr, if stderr is a terminal: one line, which each drawing replaces. Nothing
 * is drawn or erased while the process is in the background. Only commands use this. A zeroed bar
 * is off and draws nothing.
 */
struct chat_progress {
	bool on;
	bool shown; /* the bar is on the terminal now */
	uint64_t after_us; /* work that takes less than this shows no bar */
	const char *name; /* of the work; borrowed */
	uint64_t size; /* bytes of the work; 0: unknown, and no bar is drawn */
	uint64_t done; /* bytes of the work that are done */
	uint64_t
		begun_us; /* time of the begin (chat_now_us); moved on if the process was stopped */
	uint64_t added_us, drawn_us; /* the times of the last step and of the last drawing */
};

/* Prepares a bar. If wanted is false, the bar is off. Work shorter than after_ms shows no bar. */
void chat_progress_init(struct chat_progress *progress, bool wanted, int64_t after_ms);

/* Begins a piece of work of `size` bytes. name must outlive it. */
void chat_progress_begin(struct chat_progress *progress, const char *name, uint64_t size);

/* Adds to the bytes that are done, and draws the bar if the last drawing was long enough ago. */
void chat_progress_add(struct chat_progress *progress, uint64_t more_bytes);

/* Erases the bar. Must be called at the end, and before other output to the terminal. */
void chat_progress_hide(struct chat_progress *progress);

#endif
