#ifndef CLIENT_BACKOFF_H
#define CLIENT_BACKOFF_H

#include <stdint.h>

/*
 * The pause before the next attempt: a random time between 0 and a bound that doubles with every
 * attempt ("full jitter"), so that the clients of a server that restarts do not all come back at
 * the same time. It starts zeroed; zero it again after success.
 */
struct backoff {
	unsigned attempts; /* how often the bound is doubled next time */
};

#define BACKOFF_FIRST_MS 200 /* the first bound */
#define BACKOFF_MOST_MS 30000 /* the highest bound */

/* Returns the next pause. most_ms may lower the highest bound; 0: BACKOFF_MOST_MS. */
int64_t chat_backoff_next_ms(struct backoff *backoff, int64_t most_ms);

/* Returns a random number below bound, which is not 0. */
uint64_t chat_random_below(uint64_t bound);

#endif
