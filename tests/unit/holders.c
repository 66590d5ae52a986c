/* Shares: the one who holds most is found, and nobody is left with less than an equal part. */
#include "serve/util/holders.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

#define HOLDERS 100

static void
test_largest(void)
{
	struct holders holders = {.amount = 0};
	struct holder all[HOLDERS] = {{.amount = 0}};
	bool right = true;
	size_t total = 0;

	ok(!holders_largest(&holders), "where nobody holds anything there is no largest");
	srand(1);
	for (int turn = 0; turn < 100000; turn++) {
		struct holder *holder = &all[rand() % HOLDERS], *largest;
		size_t most = 0, amount = (size_t)rand() >> rand() % 31;

		if (rand() % 2)
			holders_add(&holders, holder, amount);
		else
			holders_take(&holders, holder, holder->amount % (amount + 1));
		total = 0;
		for (int i = 0; i < HOLDERS; i++) {
			total += all[i].amount;
			most = all[i].amount > most ? all[i].amount : most;
		}
		largest = holders_largest(&holders);
		right = right && (most ? 5 * largest->amount >= 4 * most : !largest);
	}
	ok(right, "none is more than a quarter larger than the one that is said to be the largest");
	is_int(holders.amount, total, "the sum is the sum");
	for (int i = 0; i < HOLDERS; i++)
		holders_take(&holders, &all[i], all[i].amount);
	ok(!holders_largest(&holders) && holders.amount == 0, "given back, there is nothing");
}

/* One takes all it can get, in bits; ninety-nine want little each and keep it. */
static void
test_fair(void)
{
	struct holders holders = {.amount = 0};
	struct holder all[HOLDERS] = {{.amount = 0}};
	bool kept = true;

	for (int i = 0; i < HOLDERS - 1; i++)
		holders_add(&holders, &all[i], 700);
	for (int turn = 0; turn < 100000; turn++) {
		holders_add(&holders, &all[HOLDERS - 1], 10);
		while (holders.amount > HOLDERS * 1000)
			holders_take(&holders, holders_largest(&holders), 10);
	}
	for (int i = 0; i < HOLDERS - 1; i++)
		kept = kept && all[i].amount == 700;
	ok(kept, "who holds less than an equal part loses nothing");
	is_int(all[HOLDERS - 1].amount, HOLDERS * 1000 - 700 * (HOLDERS - 1),
		"who wants all gets what is left");
}

static double
work_share(unsigned count)
{
	struct holders holders = {.amount = 0};
	struct holder *all = calloc(count, sizeof(*all));
	double begun = cpu_s();

	for (unsigned i = 0; i < count; i++)
		holders_add(&holders, &all[i], 1 + i % 1000);
	for (unsigned i = 0; i < count; i++) {
		holders_take(&holders, holders_largest(&holders), 1);
		holders_add(&holders, &all[i], 100);
	}
	begun = cpu_s() - begun;
	free(all);
	return begun;
}

int
main(void)
{
	test_largest();
	test_fair();
	is_linear(work_share, 10000, "100,000 holders, of whom each takes from the largest");
	return done();
}
