#ifndef CLIENT_BACKOFF_H
#define CLIENT_BACKOFF_H

#include <stdint.h>

/*
 * How long to wait before the next attempt: a random time between 0 and a bound that doubles with
 * every attempt ("full jitter"), so that a thousand clients of a server that restarts do not come
 * back in step. Starts zeroed; zero it again after success.
 */
struct backoff {
	unsigned attempts;
};

#define BACKOFF_FIRST_MS 200 /* the bound of the first wait */
#define BACKOFF_MOST_MS 30000 /* and of all later ones */

/* most_ms: a lower bound of the later ones; 0: none. */
int64_t backoff_next_ms(struct backoff *backoff, int64_t most_ms);

/* A random number below a bound that is not 0. */
uint64_t random_below(uint64_t bound);

#endif
