#ifndef SEND_UPLOAD_PROGRESS_H
#define SEND_UPLOAD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/progress.h"

/*
 * The progress bar of a big file, on a terminal. It follows the unsent bytes of the connection:
 * they grow when a message is queued, and shrink as the machine of the server confirms them.
 */
struct upload_progress {
	struct chat_progress progress;
	size_t unsent_bytes; /* at the last update */
};

void upload_progress_init(struct upload_progress *upload_progress, bool wanted);

/* Updates the bar. unsent_bytes 0: all is sent, or there is no connection. name is borrowed. */
void upload_progress_watch(
	struct upload_progress *upload_progress, const char *name, size_t unsent_bytes);

/* Returns when the next update is due (chat_now_ms), or INT64_MAX. */
int64_t upload_progress_wake_ms(const struct upload_progress *upload_progress);

/* Hides the bar. Call it before anything else is written on stderr. */
void upload_progress_hide(struct upload_progress *upload_progress);

#endif
