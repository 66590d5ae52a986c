#ifndef SEND_TRANSFER_H
#define SEND_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command/progress.h"

/*
 * How far a big file is sent, on a terminal: seen by what a connection has unsent, which grows when
 * a message is handed to it and shrinks as the server's machine confirms it.
 */
struct transfer {
	struct chat_progress progress;
	size_t unsent_bytes;
};

void transfer_init(struct transfer *transfer, bool wanted);

/* Looks again; 0: all is sent, or there is no connection. name is borrowed. */
void transfer_watch(struct transfer *transfer, const char *name, size_t unsent_bytes);

/* When to look again though nothing happens (chat_now_ms); INT64_MAX: there is no need. */
int64_t transfer_wake_ms(const struct transfer *transfer);

/* Before something else is written on stderr. */
void transfer_hide(struct transfer *transfer);

#endif
