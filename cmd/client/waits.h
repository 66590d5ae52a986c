#ifndef CLIENT_WAITS_H
#define CLIENT_WAITS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The descriptors and the time that a loop waits for. Before each poll(2) every part of the program
 * adds what it waits for. It starts zeroed.
 */
struct waits {
	struct pollfd *fds;
	size_t cap, count;
	int64_t wake_ms; /* poll at most until then (chat_now_ms); INT64_MAX: no time */
};

/* Removes everything that was added. */
void waits_begin(struct waits *waits);
void waits_free(struct waits *waits);

/*
 * Adds a descriptor. poll(2) reports its errors even if events is 0. A negative one is never ready.
 */
void waits_add(struct waits *waits, int fd, short events);

/* Returns room for so many more descriptors. The caller fills it and adds to waits->count. */
struct pollfd *waits_reserve(struct waits *waits, size_t count);

/* Waits at most until then. A time that has passed: poll(2) does not wait. */
void waits_until(struct waits *waits, int64_t wake_ms);

/* Calls poll(2) and waits at most most_ms (-1: no limit). Returns what poll(2) returns. */
int waits_poll(struct waits *waits, int most_ms);

#endif
