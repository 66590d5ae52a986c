#ifndef SEND_UPLOAD_PROGRESS_H
#define SEND_UPLOAD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/progress.h"

/*
 * How far a big file is sent, on a terminal: seen by what a connection has unsent, which grows when
 * a message is handed to it and shrinks as the server's machine confirms it.
 */
struct upload_progress {
	struct chat_progress progress;
	size_t unsent_bytes;
};

void upload_progress_init(struct upload_progress *upload_progress, bool wanted);

/* Looks again; 0: all is sent, or there is no connection. name is borrowed. */
void upload_progress_watch(
	struct upload_progress *upload_progress, const char *name, size_t unsent_bytes);

/* When to look again though nothing happens (chat_now_ms); INT64_MAX: there is no need. */
int64_t upload_progress_wake_ms(const struct upload_progress *upload_progress);

/* Before something else is written on stderr. */
void upload_progress_hide(struct upload_progress *upload_progress);

#endif
