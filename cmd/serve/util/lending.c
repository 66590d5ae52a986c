/* Shares of limits, which loops lend each other. */
#include "serve/util/lending.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "text/buf.h"

#define LINE 64 /* bytes that the cores of a processor pass to each other at once */

/* The amounts that one loop uses, in memory that no other loop writes. */
struct account {
	atomic_size_t used[LENT_KINDS];
	char apart[LINE];
};

struct lending {
	size_t loops;
	size_t total[LENT_KINDS];
	struct account accounts[];
};

struct lending *
lending_new(size_t loops, const size_t total[LENT_KINDS])
{
	struct lending *lending =
		chat_alloc_zeroed(1, sizeof(*lending) + loops * sizeof(struct account));

	lending->loops = loops;
	for (int i = 0; i < LENT_KINDS; i++)
		lending->total[i] = total[i];
	return lending;
}

void
lending_free(struct lending *lending)
{
	free(lending);
}

/* Returns what the other loops use, but at most `most`. */
static size_t
used_by_others(const struct lending *lending, size_t loop, enum lent kind, size_t most)
{
	size_t sum = 0;

	for (size_t i = 0; i < lending->loops && sum < most; i++) {
		size_t used = i == loop ? 0
					: atomic_load_explicit(&lending->accounts[i].used[kind],
						  memory_order_relaxed);

		sum += used < most - sum ? used : most - sum;
	}
	return sum;
}

void
lending_update(struct lending *lending, size_t loop, enum lent kind, size_t used, bool fresh,
	size_t *limit)
{
	size_t total = lending->total[kind], equal = total / lending->loops, left;

	if (equal == 0)
		equal = total > 0;

	atomic_store_explicit(&lending->accounts[loop].used[kind], used, memory_order_relaxed);
	if (!fresh && used < equal)
		return;
	left = total - used_by_others(lending, loop, kind, total);
	*limit = left > equal ? left : equal;
}
