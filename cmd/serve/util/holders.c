/* Fair shares of what is bounded for all together. */
#include "serve/util/holders.h"

#include <assert.h>
#include <utlist.h>

/* Its list: below 4 a list each; above by the power of two and the two bits below it. */
static unsigned
size_of(size_t amount)
{
	unsigned power;

	if (amount < 4)
		return (unsigned)amount;
	power = 63 - (unsigned)__builtin_clzll(amount);
	return 4 * power + (amount >> (power - 2) & 3);
}

static void
share_leave(struct shares *shares, struct share *share)
{
	unsigned size = size_of(share->amount);

	if (!share->amount)
		return;
	DL_DELETE(shares->by_size[size], share);
	if (!shares->by_size[size])
		shares->some[size / 64] &= ~((uint64_t)1 << size % 64);
}

static void
share_enter(struct shares *shares, struct share *share)
{
	unsigned size = size_of(share->amount);

	if (!share->amount)
		return;
	DL_APPEND(shares->by_size[size], share);
	shares->some[size / 64] |= (uint64_t)1 << size % 64;
}

static void
share_set(struct shares *shares, struct share *share, size_t amount)
{
	if (size_of(amount) == size_of(share->amount)) {
		share->amount = amount;
		return;
	}
	share_leave(shares, share);
	share->amount = amount;
	share_enter(shares, share);
}

void
shares_add(struct shares *shares, struct share *share, size_t amount)
{
	shares->amount += amount;
	share_set(shares, share, share->amount + amount);
}

void
shares_take(struct shares *shares, struct share *share, size_t amount)
{
	assert(amount <= share->amount);
	shares->amount -= amount;
	share_set(shares, share, share->amount - amount);
}

struct share *
shares_largest(const struct shares *shares)
{
	for (unsigned i = SHARE_SIZES / 64; i--;)
		if (shares->some[i])
			return shares
				->by_size[64 * i + 63 - (unsigned)__builtin_clzll(shares->some[i])];
	return NULL;
}
