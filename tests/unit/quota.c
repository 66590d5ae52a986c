/* Channels in use and idle ones: whose they are, who may have more, which is forgotten. */
#include "serve/channel/quota.h"

#include <stdio.h>
#include <stdlib.h>

#include "slope.h"
#include "tap.h"

#define MOST 100

static const struct asker remote = {.key = 1, .weight = 1}, other = {.key = 2, .weight = 1},
			  many = {.key = 3, .weight = 8}, nobody = {.key = 0};

/* How many it can take into use of those that are left. */
static unsigned
take_all(struct makers *makers, struct holding *holdings, const struct asker *asker)
{
	unsigned count = 0;

	while (makers->in_use < MOST && makers_admit(makers, asker, MOST))
		makers_use(makers, &holdings[count++], asker);
	return count;
}

static void
drop_all(struct makers *makers, struct holding *holdings, unsigned count)
{
	while (count--)
		makers_drop(makers, &holdings[count]);
}

static void
test_in_use(void)
{
	struct makers makers = {.in_use = 0};
	struct holding a[MOST] = {{0}}, b[MOST] = {{0}};
	unsigned count = take_all(&makers, a, &remote);

	is_int(count, 51, "who comes over a network takes half");
	is_int(take_all(&makers, b, &other), 25, "the next half of what is left");
	drop_all(&makers, b, 25);
	drop_all(&makers, a, count);
	count = take_all(&makers, a, &many);
	is_int(count, 89, "many behind one address leave the ninth part");
	drop_all(&makers, a, count);
	is_int(take_all(&makers, a, &nobody), MOST, "who has no share takes all");
	drop_all(&makers, a, MOST);
	ok(!makers.by_key && !makers.in_use, "nothing is left behind");
}

static void
test_passing_on(void)
{
	struct makers makers = {.in_use = 0};
	struct holding holding = {0};

	makers_use(&makers, &holding, &remote);
	makers_rest(&makers, &holding);
	ok(makers.in_use == 0 && makers_oldest(&makers) == &holding, "it is idle");
	makers_rest(&makers, &holding);
	ok(makers_oldest(&makers) == &holding, "and stays so");
	makers_use(&makers, &holding, &other);
	ok(makers.in_use == 1 && !makers_oldest(&makers), "it is in use again");
	ok(makers_admit(&makers, &remote, 1), "its maker answers for it no more");
	ok(!makers_admit(&makers, &other, 1), "but who came last");
	makers_drop(&makers, &holding);
	makers_drop(&makers, &holding);
	ok(!makers.by_key && !makers.in_use, "nothing is left behind");
}

static void
test_oldest(void)
{
	struct makers makers = {.in_use = 0};
	struct holding few[3] = {{0}}, lots[30] = {{0}};
	bool right = true;

	for (int i = 0; i < 3; i++) {
		makers_use(&makers, &few[i], &other);
		makers_rest(&makers, &few[i]);
	}
	for (int i = 0; i < 30; i++) {
		makers_use(&makers, &lots[i], &remote);
		makers_rest(&makers, &lots[i]);
	}
	makers_use(&makers, &lots[0], &remote);
	makers_rest(&makers, &lots[0]);
	for (int i = 1; i < 20; i++) {
		right = right && makers_oldest(&makers) == &lots[i];
		makers_drop(&makers, makers_oldest(&makers));
	}
	ok(right, "the longest idle one of who has most goes first");
	for (int i = 20; i < 30; i++)
		makers_drop(&makers, &lots[i]);
	makers_drop(&makers, &lots[0]);
	ok(makers_oldest(&makers) == &few[0], "and the others' when that one has no more");
	drop_all(&makers, few, 3);
	ok(!makers.by_key && !makers_oldest(&makers), "nothing is left behind");
}

/* So many channels of as many addresses come into use, and each new one takes an idle one's place.
 */
static double
work_channels(unsigned count)
{
	struct makers makers = {.in_use = 0};
	struct holding *all = calloc(2 * (size_t)count, sizeof(*all));
	double begun = cpu_s();

	for (unsigned i = 0; i < 2 * count; i++) {
		struct asker asker = {.key = 1 + i % count, .weight = 1};

		if (i >= count)
			makers_drop(&makers, makers_oldest(&makers));
		makers_use(&makers, &all[i], &asker);
		makers_rest(&makers, &all[i]);
	}
	begun = cpu_s() - begun;
	drop_all(&makers, all, 2 * count);
	free(all);
	return begun;
}

int
main(void)
{
	test_in_use();
	test_passing_on();
	test_oldest();
	is_linear(work_channels, 10000, "100,000 channels are forgotten for as many new ones");
	return done();
}
