/*
 * Fair shares of a bounded resource: the memory of histories (channel/channel_history.c), the
 * memory of nonces (channel/nonces.c), and the idle channels of each address (channel/quota.c).
 */
#include "serve/util/fair_share.h"

#include <assert.h>
#include <utlist.h>

/*
 * Returns the index of the list for this amount. Each amount below 4 has its own list. For larger
 * amounts, the highest bit and the next two bits select the list.
 */
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
share_unlink(struct shares *shares, struct share *share)
{
	unsigned size = size_of(share->amount);

	if (!share->amount)
		return;
	DL_DELETE(shares->by_size[size], share);
	if (!shares->by_size[size])
		shares->used[size / 64] &= ~((uint64_t)1 << size % 64);
}

static void
share_link(struct shares *shares, struct share *share)
{
	unsigned size = size_of(share->amount);

	if (!share->amount)
		return;
	DL_APPEND(shares->by_size[size], share);
	shares->used[size / 64] |= (uint64_t)1 << size % 64;
}

static void
share_set(struct shares *shares, struct share *share, size_t amount)
{
	if (size_of(amount) == size_of(share->amount)) {
		share->amount = amount;
		return;
	}
	share_unlink(shares, share);
	share->amount = amount;
	share_link(shares, share);
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
		if (shares->used[i])
			return shares
				->by_size[64 * i + 63 - (unsigned)__builtin_clzll(shares->used[i])];
	return NULL;
}
