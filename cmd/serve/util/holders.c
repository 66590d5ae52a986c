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
holder_leave(struct holders *holders, struct holder *holder)
{
	unsigned size = size_of(holder->amount);

	if (!holder->amount)
		return;
	DL_DELETE(holders->by_size[size], holder);
	if (!holders->by_size[size])
		holders->some[size / 64] &= ~((uint64_t)1 << size % 64);
}

static void
holder_enter(struct holders *holders, struct holder *holder)
{
	unsigned size = size_of(holder->amount);

	if (!holder->amount)
		return;
	DL_APPEND(holders->by_size[size], holder);
	holders->some[size / 64] |= (uint64_t)1 << size % 64;
}

static void
holder_set(struct holders *holders, struct holder *holder, size_t amount)
{
	if (size_of(amount) == size_of(holder->amount)) {
		holder->amount = amount;
		return;
	}
	holder_leave(holders, holder);
	holder->amount = amount;
	holder_enter(holders, holder);
}

void
holders_add(struct holders *holders, struct holder *holder, size_t amount)
{
	holders->amount += amount;
	holder_set(holders, holder, holder->amount + amount);
}

void
holders_take(struct holders *holders, struct holder *holder, size_t amount)
{
	assert(amount <= holder->amount);
	holders->amount -= amount;
	holder_set(holders, holder, holder->amount - amount);
}

struct holder *
holders_largest(const struct holders *holders)
{
	for (unsigned i = HOLDER_SIZES / 64; i--;)
		if (holders->some[i])
			return holders->by_size[64 * i + 63 -
				(unsigned)__builtin_clzll(holders->some[i])];
	return NULL;
}
