#ifndef SERVE_SESSION_RATE_LIMITER_H
#define SERVE_SESSION_RATE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * How much may be said, and how often joined: credit that fills with time. What is paid is paid by
 * all who answer for it, a connection or a proven name, and an address; nobody is told apart by
 * what a peer merely claims. Only those whose credit is not full are remembered, and no more than
 * RATE_LIMITER_MOST of them: beyond that somebody is forgotten, who then has full credit. A place
 * in the table costs what a connection or an address costs, so that nobody gains by having many.
 */
struct rate;

enum rate_kind {
	RATE_MESSAGES,
	RATE_BYTES, /* of messages */
	RATE_JOINS, /* and new channels */
	RATE_KINDS
};

struct rate_limit {
	int64_t per_second; /* 0: any */
	int64_t burst; /* at once; above 0 */
	bool here; /* for who is on this machine, too */
};

enum rate_payer_kind {
	RATE_CONN,
	RATE_NAME,
	RATE_ADDRESS /* has RATE_LIMITER_SHARE times the credit of another for what is said */
};

struct rate_payer {
	enum rate_payer_kind kind;
	struct chat_span key; /* no other of its kind has it */
	bool here; /* it is on this machine */
};

struct rate_limiter {
	struct rate *by_key;
	struct rate *oldest; /* utlist, by when they were looked at last */
	size_t count, bytes; /* of memory */
	struct rate_limit limits[RATE_KINDS];
};

#define RATE_LIMITER_MOST 100000
#define RATE_LIMITER_SHARE 4

void rate_limiter_free(struct rate_limiter *rate_limiter);

/*
 * Takes a cost of each kind from the credit of all these payers. 0; or in how many milliseconds
 * they have enough, and nothing is taken. More than a burst costs no less: who has a full credit
 * pays, and is in debt.
 */
int64_t rate_limiter_pay(struct rate_limiter *rate_limiter, const struct rate_payer *payers,
	size_t count, const int64_t cost[RATE_KINDS], int64_t now_ms);

/* It will not pay any more; another one may have its key. */
void rate_limiter_leave(struct rate_limiter *rate_limiter, const struct rate_payer *payer);

/* Forgets some of those that are full by now. */
void rate_limiter_expire(struct rate_limiter *rate_limiter, int64_t now_ms);

#endif
