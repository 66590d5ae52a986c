/* Shares: a holder with most is found, and no holder is left with less than an equal part. */
#include "serve/util/fair_share.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

#define SHARES 100

static void
test_largest(void)
{
	struct shares shares = {.amount = 0};
	struct share all[SHARES] = {{.amount = 0}};
	bool right = true;
	size_t total = 0;

	ok(!shares_largest(&shares), "there is no largest share of nothing");
	srand(1);
	for (int turn = 0; turn < 100000; turn++) {
		struct share *share = &all[rand() % SHARES], *largest;
		size_t most = 0, amount = (size_t)rand() >> rand() % 31;

		if (rand() % 2 && amount <= SIZE_MAX / SHARES - share->amount)
			shares_add(&shares, share, amount);
		else
			shares_take(&shares, share, share->amount % (amount + 1));
		total = 0;
		for (int i = 0; i < SHARES; i++) {
			total += all[i].amount;
			most = all[i].amount > most ? all[i].amount : most;
		}
		largest = shares_largest(&shares);
		right = right && (most ? 5 * largest->amount >= 4 * most : !largest);
	}
	ok(right, "no share is more than a quarter larger than the largest one returned");
	is_int(shares.amount, total, "the sum of all is right");
	for (int i = 0; i < SHARES; i++)
		shares_take(&shares, &all[i], all[i].amount);
	ok(!shares_largest(&shares) && shares.amount == 0, "there is none when all was given back");
}

/* One holder takes all that it can get; ninety-nine others have little each and keep it. */
static void
test_fair(void)
{
	struct shares shares = {.amount = 0};
	struct share all[SHARES] = {{.amount = 0}};
	bool kept = true;

	for (int i = 0; i < SHARES - 1; i++)
		shares_add(&shares, &all[i], 700);
	for (int turn = 0; turn < 100000; turn++) {
		shares_add(&shares, &all[SHARES - 1], 10);
		while (shares.amount > SHARES * 1000)
			shares_take(&shares, shares_largest(&shares), 10);
	}
	for (int i = 0; i < SHARES - 1; i++)
		kept = kept && all[i].amount == 700;
	ok(kept, "holders with less than an equal part lose nothing");
	is_int(all[SHARES - 1].amount, SHARES * 1000 - 700 * (SHARES - 1),
		"the one that takes all gets the rest");
}

static double
work_share(unsigned count)
{
	struct shares shares = {.amount = 0};
	struct share *all = calloc(count, sizeof(*all));
	double begun = cpu_s();

	for (unsigned i = 0; i < count; i++)
		shares_add(&shares, &all[i], 1 + i % 1000);
	for (unsigned i = 0; i < count; i++) {
		shares_take(&shares, shares_largest(&shares), 1);
		shares_add(&shares, &all[i], 100);
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
	is_linear(work_share, 10000, "100,000 holders each take from the largest");
	return done();
}
