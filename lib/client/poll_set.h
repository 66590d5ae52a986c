#ifndef CLIENT_POLL_SET_H
#define CLIENT_POLL_SET_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The descriptors and the time that a loop waits for. Before each poll(2) every part of the program
 * adds what it waits for. It starts zeroed.
 */
struct poll_set {
	struct pollfd *fds;
	size_t cap, count;
	int64_t wake_ms; /* the time to wait until at most (chat_now_ms); INT64_MAX: no limit */
};

/* Removes everything that was added. */
void chat_poll_set_begin(struct poll_set *waits);
void chat_poll_set_free(struct poll_set *waits);

/*
 * Adds a descriptor. poll(2) reports its errors even if events is 0. A negative one is never ready.
 */
void chat_poll_set_add(struct poll_set *waits, int fd, short events);

/* Returns room for count more descriptors. The caller fills it and adds to waits->count. */
struct pollfd *chat_poll_set_reserve(struct poll_set *waits, size_t count);

/* Limits the wait to wake_ms (chat_now_ms). If that has passed, poll(2) does not wait. */
void chat_poll_set_until(struct poll_set *waits, int64_t wake_ms);

/* Calls poll(2) and waits at most most_ms (-1: no limit). Returns what poll(2) returns. */
int chat_poll_set_poll(struct poll_set *waits, int most_ms);

#endif
