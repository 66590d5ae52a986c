#ifndef SERVE_UTIL_HOLDERS_H
#define SERVE_UTIL_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Who holds how much of something that all share. Where it is used up, one of those who hold most
 * has to give, so that nobody is left with less than an equal part because of others. Each call
 * takes the same time however many there are: holders lie in lists by size, and one list spans a
 * quarter of a power of two.
 */
struct holder {
	struct holder *next, *prev; /* of about its size */
	size_t amount;
};

#define HOLDER_SIZES 256

struct holders {
	struct holder *by_size[HOLDER_SIZES]; /* utlist */
	uint64_t some[HOLDER_SIZES / 64]; /* a bit for each list that is not empty */
	size_t amount; /* of all */
};

/* One holds more; it holds less. Zeroed memory is a share of nothing, which is in no list. */
void holders_add(struct holders *holders, struct holder *holder, size_t amount);
void holders_take(struct holders *holders, struct holder *holder, size_t amount);

/* One that no other exceeds by more than a quarter; NULL where nobody holds anything. */
struct holder *holders_largest(const struct holders *holders);

#endif
