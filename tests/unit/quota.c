/* The channels of each address: how many it may use, and which idle one is freed first. */
#include "serve/channel/quota.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

#define MOST 100

static const struct claimant remote = {.key = 1, .weight = 1}, other = {.key = 2, .weight = 1},
			     many = {.key = 3, .weight = 8}, nobody = {.key = 0};

/* Returns how many channels the claimant can take into use. */
static unsigned
take_all(struct quotas *quotas, struct slot *slots, const struct claimant *claimant)
{
	unsigned count = 0;

	while (quotas->in_use < MOST && quotas_admit(quotas, claimant, MOST))
		quotas_set_in_use(quotas, &slots[count++], claimant);
	return count;
}

static void
drop_all(struct quotas *quotas, struct slot *slots, unsigned count)
{
	while (count--)
		quotas_remove(quotas, &slots[count]);
}

static void
test_in_use(void)
{
	struct quotas quotas = {.in_use = 0};
	struct slot a[MOST] = {{0}}, b[MOST] = {{0}};
	unsigned count = take_all(&quotas, a, &remote);

	is_int(count, 51, "an address takes half of the channels");
	is_int(take_all(&quotas, b, &other), 25, "the next one half of what is left");
	drop_all(&quotas, b, 25);
	drop_all(&quotas, a, count);
	count = take_all(&quotas, a, &many);
	is_int(count, 89, "one with the weight 8 leaves the ninth part");
	drop_all(&quotas, a, count);
	is_int(take_all(&quotas, a, &nobody), MOST, "a claimant without a key takes all");
	drop_all(&quotas, a, MOST);
	ok(!quotas.by_key && !quotas.in_use, "nothing is left behind");
}

static void
test_passing_on(void)
{
	struct quotas quotas = {.in_use = 0};
	struct slot slot = {0};

	quotas_set_in_use(&quotas, &slot, &remote);
	quotas_set_idle(&quotas, &slot);
	ok(quotas.in_use == 0 && quotas_longest_idle(&quotas) == &slot, "it is idle");
	quotas_set_idle(&quotas, &slot);
	ok(quotas_longest_idle(&quotas) == &slot, "and stays idle");
	quotas_set_in_use(&quotas, &slot, &other);
	ok(quotas.in_use == 1 && !quotas_longest_idle(&quotas), "it is in use again");
	ok(quotas_admit(&quotas, &remote, 1), "it is not charged to its first address any more");
	ok(!quotas_admit(&quotas, &other, 1), "but to the last one");
	quotas_remove(&quotas, &slot);
	quotas_remove(&quotas, &slot);
	ok(!quotas.by_key && !quotas.in_use, "nothing is left behind");
}

static void
test_oldest(void)
{
	struct quotas quotas = {.in_use = 0};
	struct slot few[3] = {{0}}, lots[30] = {{0}};
	bool right = true;

	for (int i = 0; i < 3; i++) {
		quotas_set_in_use(&quotas, &few[i], &other);
		quotas_set_idle(&quotas, &few[i]);
	}
	for (int i = 0; i < 30; i++) {
		quotas_set_in_use(&quotas, &lots[i], &remote);
		quotas_set_idle(&quotas, &lots[i]);
	}
	quotas_set_in_use(&quotas, &lots[0], &remote);
	quotas_set_idle(&quotas, &lots[0]);
	for (int i = 1; i < 20; i++) {
		right = right && quotas_longest_idle(&quotas) == &lots[i];
		quotas_remove(&quotas, quotas_longest_idle(&quotas));
	}
	ok(right, "the longest idle one of the address with most idle ones is first");
	for (int i = 20; i < 30; i++)
		quotas_remove(&quotas, &lots[i]);
	quotas_remove(&quotas, &lots[0]);
	ok(quotas_longest_idle(&quotas) == &few[0], "then those of the other address");
	drop_all(&quotas, few, 3);
	ok(!quotas.by_key && !quotas_longest_idle(&quotas), "nothing is left behind");
}

/* So many channels of as many addresses, and as many new ones, for each of which one is freed. */
static double
work_channels(unsigned count)
{
	struct quotas quotas = {.in_use = 0};
	struct slot *all = calloc(2 * (size_t)count, sizeof(*all));
	double begun = cpu_s();

	for (unsigned i = 0; i < 2 * count; i++) {
		struct claimant claimant = {.key = 1 + i % count, .weight = 1};

		if (i >= count)
			quotas_remove(&quotas, quotas_longest_idle(&quotas));
		quotas_set_in_use(&quotas, &all[i], &claimant);
		quotas_set_idle(&quotas, &all[i]);
	}
	begun = cpu_s() - begun;
	drop_all(&quotas, all, 2 * count);
	free(all);
	return begun;
}

int
main(void)
{
	test_in_use();
	test_passing_on();
	test_oldest();
	is_linear(work_channels, 10000, "100,000 channels are freed for as many new ones");
	return done();
}
