#ifndef CLIENT_POLLABLE_H
#define CLIENT_POLLABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "client/poll_set.h"

/*
 * One descriptor that is ready when anything of a poll_set is, or its time has come: for the loop
 * of another program. It is an epoll(7) instance with a timer in it.
 */
#define POLLABLE_MOST 8 /* descriptors of a poll_set */

struct pollable {
	int fd; /* the epoll instance; -1: not open */
	int timer_fd; /* one of those that fd watches */
	int watched[POLLABLE_MOST]; /* the others */
	size_t count;
	int64_t wake_ms; /* the time that the timer is set to; INT64_MAX: none */
};

/* Returns 0, or -1 with CHAT_INTERNAL: then there are no descriptors left. */
int chat_pollable_open(struct pollable *pollable, struct chat_err *err);
void chat_pollable_close(struct pollable *pollable);

/* Watches what was added to waits, at most POLLABLE_MOST descriptors, and nothing else. */
void chat_pollable_watch(struct pollable *pollable, const struct poll_set *waits);

/* Makes the descriptor ready, until the next chat_pollable_watch(). */
void chat_pollable_wake(struct pollable *pollable);

#endif
