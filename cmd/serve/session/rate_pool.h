#ifndef SERVE_SESSION_RATE_POOL_H
#define SERVE_SESSION_RATE_POOL_H

#include <stddef.h>
#include <stdint.h>

/*
 * The sums that payers have paid to the rate limiters of all loops (rate_limiter.h). A limiter
 * charges its own payers at once, without a lock; a few times a second it tells the pool what they
 * have paid, and learns what they have paid elsewhere. All functions may be called by any thread.
 */
struct rate_pool;
struct rate_record;

#define RATE_POOL_KINDS 3 /* of prices */

struct rate_pool *rate_pool_new(void);

/* Frees the pool, in which no record is held. Does nothing for NULL. */
void rate_pool_free(struct rate_pool *pool);

/*
 * Returns the record of a payer, which is made if needed. The caller holds it until
 * rate_pool_drop(). *paid gets what was paid until now.
 */
struct rate_record *rate_pool_hold(
	struct rate_pool *pool, const char *key, size_t key_len, int64_t paid[RATE_POOL_KINDS]);
void rate_pool_drop(struct rate_pool *pool, struct rate_record *record);

/* Adds what was paid to the record. *paid gets the sum, with what was paid elsewhere. */
void rate_pool_pay(struct rate_pool *pool, struct rate_record *record,
	const int64_t more[RATE_POOL_KINDS], int64_t paid[RATE_POOL_KINDS]);

#endif
