#ifndef SERVE_UTIL_FAIR_SHARE_H
#define SERVE_UTIL_FAIR_SHARE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Records how much of a shared resource each holder has, and finds about the largest holder. When
 * the resource is used up, the caller takes a part from that holder. So a holder with less than an
 * equal part loses nothing because of the others.
 *
 * Every function needs constant time. The shares are in lists by amount; the amounts of one list
 * differ by at most a quarter.
 */
struct share {
	struct share *next, *prev; /* in shares->by_size; valid if amount is not 0 */
	size_t amount;
};

#define SHARE_SIZES 256

/* Zeroed memory is a valid set without shares. */
struct shares {
	struct share *by_size[SHARE_SIZES]; /* utlist */
	uint64_t used[SHARE_SIZES / 64]; /* one bit for each list, 1 if it is not empty */
	size_t amount; /* the sum of all shares */
};

/* Adds an amount to a share, which the caller owns. A zeroed share has the amount 0. */
void shares_add(struct shares *shares, struct share *share, size_t amount);

/*
 * Subtracts an amount from a share, which must hold at least this amount. A share with the amount 0
 * is in no list, and can be freed.
 */
void shares_take(struct shares *shares, struct share *share, size_t amount);

/*
 * Returns a share that no other share exceeds by more than a quarter. Returns NULL if all amounts
 * are 0. The share stays in the set.
 */
struct share *shares_largest(const struct shares *shares);

#endif
