/* Limits that loops share: each has its part, and what the others do not use. */
#include "serve/util/lending.h"

#include <stdint.h>

#include "tap.h"

#define TOTAL 1000

static struct lending *
lending_of(size_t loops)
{
	size_t total[LENT_KINDS];

	for (int i = 0; i < LENT_KINDS; i++)
		total[i] = TOTAL + (size_t)i;
	return lending_new(loops, total);
}

/* Returns the limit of a loop that uses so much of LENT_QUEUES. */
static size_t
limit_of(struct lending *lending, size_t loop, size_t used)
{
	size_t limit = 0;

	lending_update(lending, loop, LENT_QUEUES, used, true, &limit);
	return limit;
}

static void
test_one(void)
{
	struct lending *lending = lending_of(1);

	is_int(limit_of(lending, 0, 0), TOTAL, "one loop has everything");
	is_int(limit_of(lending, 0, 5000), TOTAL, "and not more when it uses more");
	lending_free(lending);
}

static void
test_lending(void)
{
	struct lending *lending = lending_of(4);
	size_t limit = 77;

	is_int(limit_of(lending, 0, 900), TOTAL, "what nobody else uses is lent");
	is_int(limit_of(lending, 1, 0), 250, "an equal part is always there");
	is_int(limit_of(lending, 1, 200), 250, "also when the rest is used");
	is_int(limit_of(lending, 0, 900), 800, "and then the others have less");
	limit_of(lending, 2, 250);
	limit_of(lending, 3, 250);
	is_int(limit_of(lending, 0, 800), 300, "with more of them still less");
	limit_of(lending, 1, 250);
	is_int(limit_of(lending, 0, 300), 250, "down to the equal part");
	limit_of(lending, 1, SIZE_MAX);
	limit_of(lending, 2, SIZE_MAX);
	is_int(limit_of(lending, 0, 300), 250, "whatever they use");
	lending_update(lending, 0, LENT_QUEUES, 249, false, &limit);
	is_int(limit, 77, "who uses less than its part need not ask");
	lending_update(lending, 0, LENT_QUEUES, 250, false, &limit);
	is_int(limit, 250, "who uses all of it does");
	lending_free(lending);
}

static void
test_kinds(void)
{
	struct lending *lending = lending_of(2);
	size_t limit = 0;

	limit_of(lending, 0, TOTAL);
	lending_update(lending, 1, LENT_CHANNELS, 0, true, &limit);
	is_int(limit, TOTAL + LENT_CHANNELS, "the limits are apart");
	lending_free(lending);
}

static void
test_small(void)
{
	struct lending *lending = lending_of(TOTAL + 1);

	limit_of(lending, 0, TOTAL);
	is_int(limit_of(lending, TOTAL, 0), 1, "a part is at least 1");
	lending_free(lending);
}

int
main(void)
{
	test_one();
	test_lending();
	test_kinds();
	test_small();
	return done();
}
