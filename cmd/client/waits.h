#ifndef CLIENT_WAITS_H
#define CLIENT_WAITS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a loop waits for: descriptors, and a time at the latest. Everybody who has something to wait
 * for adds it, each time anew; what nobody added wakes nobody. Starts zeroed.
 */
struct waits {
	struct pollfd *fds;
	size_t cap, count;
	int64_t wake_ms; /* chat_now_ms; INT64_MAX: there is no such time */
};

/* Forgets what was waited for. */
void waits_begin(struct waits *waits);
void waits_free(struct waits *waits);

/* Adds a descriptor, of which errors are always told. A negative one is never ready. */
void waits_add(struct waits *waits, int fd, short events);

/* Room for so many more; whoever fills it adds to count. */
struct pollfd *waits_reserve(struct waits *waits, size_t count);

/* Not longer than until then. A time that has passed: there is something to do at once. */
void waits_until(struct waits *waits, int64_t wake_ms);

/* poll(2), not longer than most_ms (-1: as long as it takes). How many are ready; -1 as poll(2). */
int waits_poll(struct waits *waits, int most_ms);

#endif
