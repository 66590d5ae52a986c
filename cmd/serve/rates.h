#ifndef SERVE_RATES_H
#define SERVE_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

/*
 * How many messages each user of each channel may say: a bucket of credit that fills with time. It
 * is the user's, not a connection's, so that coming again fills nothing. Only those that are not
 * full are remembered, and no more than RATES_MOST of them: then who spoke longest ago is
 * forgotten.
 */
struct rate;

struct rates {
	struct rate *by_key;
	struct rate *oldest; /* utlist, by when they spoke last */
	size_t count;
	int64_t per_second; /* 0: any number */
	int64_t burst; /* at once; above 0 */
};

#define RATES_MOST 100000

void rates_free(struct rates *rates);

/* Takes the credit for a message. 0; or in how many milliseconds there is enough, none taken. */
int64_t rates_pay(
	struct rates *rates, struct chat_span channel, struct chat_span id, int64_t now_ms);

/* Forgets those that are full by now. */
void rates_expire(struct rates *rates, int64_t now_ms);

#endif
