#ifndef SERVE_SESSION_RATE_LIMITER_H
#define SERVE_SESSION_RATE_LIMITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/session/rate_pool.h"

/*
 * Token buckets: how many messages, bytes and joins each payer may make. A payer has credit, which
 * fills with time up to a burst. A price is taken from the credit of every payer: a connection or a
 * proven name, and an address. A name or id that is only claimed is never a payer.
 *
 * Only payers whose credit is not full have a bucket, at most RATE_LIMITER_MAX of them. Beyond that
 * a bucket is evicted, and its payer has full credit again. A peer needs a connection, a name or an
 * address for each bucket, so that it gains nothing by making many.
 *
 * If several loops have limiters with one pool, the rates of a name and of an address hold for all
 * of them: what a payer pays at one limiter is taken from its credit at the others, a tenth of a
 * second later. So it may exceed its burst at once, once on each loop, but not its rate for long.
 */
struct bucket;

enum rate_kind {
	RATE_MESSAGES,
	RATE_BYTES, /* of messages */
	RATE_JOINS, /* joins and new channels */
	RATE_KINDS
};

struct rate_limit {
	int64_t per_second; /* 0: no limit */
	int64_t burst; /* the full credit; above 0 if per_second is */
	bool here; /* the limit also holds for payers on this machine */
};

enum rate_payer_kind {
	RATE_CONN,
	RATE_NAME,
	RATE_ADDRESS /* has RATE_LIMITER_SHARE times the credit for messages and their bytes */
};

struct rate_payer {
	enum rate_payer_kind kind;
	struct chat_span key; /* unique among payers of this kind */
	bool here; /* on this machine */
};

struct rate_limiter {
	struct bucket *by_key; /* uthash */
	struct bucket *oldest; /* utlist, by the time they were last looked at */
	size_t count;
	size_t bytes; /* of memory */
	struct rate_limit limits[RATE_KINDS];
	struct rate_pool *pool; /* borrowed; NULL: there is no other limiter */
	struct bucket *paying; /* linked by next_paying: they have paid what the pool does not know
				*/
};

#define RATE_LIMITER_MAX 100000
#define RATE_LIMITER_SHARE 4

/* Frees all buckets. */
void rate_limiter_free(struct rate_limiter *rate_limiter);

/*
 * Takes a price of each kind from the credit of every payer and returns 0. If a payer has too
 * little credit, takes nothing and returns the milliseconds until all have enough. A price above
 * the burst can be paid with full credit; the credit is negative then.
 */
int64_t rate_limiter_pay(struct rate_limiter *rate_limiter, const struct rate_payer *payers,
	size_t count, const int64_t price[RATE_KINDS], int64_t now_ms);

/* Forgets a payer that will not pay any more; a later one may have its key. */
void rate_limiter_forget(struct rate_limiter *rate_limiter, const struct rate_payer *payer);

/* Tells the pool what was paid, and takes what was paid elsewhere. Call it a few times a second. */
void rate_limiter_exchange(struct rate_limiter *rate_limiter);

/* Frees some of the buckets that are full again. Call it a few times a second. */
void rate_limiter_expire(struct rate_limiter *rate_limiter, int64_t now_ms);

#endif
