#ifndef SERVE_UTIL_FAIR_SHARE_H
#define SERVE_UTIL_FAIR_SHARE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Records how much of a shared resource each holder has, and finds a holder that has most. When the
 * resource is used up, that holder gives some back. So no holder ends with less than an equal part
 * because of the others.
 *
 * Every call takes constant time. The shares lie in lists by size, and one list spans a quarter of
 * a power of two.
 */
struct share {
	struct share *next, *prev; /* in shares->by_size, while amount is not 0 */
	size_t amount;
};

#define SHARE_SIZES 256

/* Zeroed memory is a valid set without shares. */
struct shares {
	struct share *by_size[SHARE_SIZES]; /* utlist */
	uint64_t used[SHARE_SIZES / 64]; /* one bit for each list that is not empty */
	size_t amount; /* the sum of all shares */
};

/* Adds to a share, which the caller owns. A zeroed share has the amount 0. */
void shares_add(struct shares *shares, struct share *share, size_t amount);

/* Takes from a share, which holds at least this amount. At 0 no list points to it any more. */
void shares_take(struct shares *shares, struct share *share, size_t amount);

/*
 * Returns a share that no other exceeds by more than a quarter, or NULL when all amounts are 0. The
 * set keeps the share.
 */
struct share *shares_largest(const struct shares *shares);

#endif
