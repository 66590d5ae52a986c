/* A queue of lanes: each gets as much, whoever has more that wait, or wants larger pieces. */
#include "serve/util/fair_queue.h"

#include <stdlib.h>

#include "tap.h"

#define LANES 3
#define ENTRIES 12

struct fixture {
	struct fair_queue fair;
	struct fair_lane lanes[LANES];
	struct fair_entry entries[ENTRIES];
};

static void
push(struct fixture *fixture, int lane, int entry)
{
	fair_queue_push(&fixture->fair, &fixture->lanes[lane], &fixture->entries[entry]);
}

static int
pop(struct fixture *fixture)
{
	struct fair_entry *entry = fair_queue_pop(&fixture->fair);

	return entry ? (int)(entry - fixture->entries) : -1;
}

static void
order_is(struct fixture *fixture, const char *want)
{
	char got[40] = "", *at = got;

	for (int entry; at < got + 30 && (entry = pop(fixture)) >= 0;)
		*at++ = (char)('a' + entry);
	is_str(got, want, "in this order");
	ok(fair_queue_is_empty(&fixture->fair), "then it is empty");
}

static void
fixture_free(struct fixture *fixture)
{
	while (pop(fixture) >= 0)
		;
	fair_queue_free(&fixture->fair);
}

static void
test_order(void)
{
	struct fixture fixture = {0};

	order_is(&fixture, "");
	for (int i = 0; i < 6; i++)
		push(&fixture, 0, i);
	push(&fixture, 1, 6);
	push(&fixture, 2, 7);
	push(&fixture, 1, 8);
	order_is(&fixture, "aghbicdef");
	fixture_free(&fixture);
}

static void
test_remove(void)
{
	struct fixture fixture = {0};

	fair_queue_remove(&fixture.fair, &fixture.entries[0]);
	for (int i = 0; i < 9; i++)
		push(&fixture, i / 3, i);
	fair_queue_remove(&fixture.fair, &fixture.entries[0]);
	fair_queue_remove(&fixture.fair, &fixture.entries[0]);
	for (int i = 3; i < 6; i++)
		fair_queue_remove(&fixture.fair, &fixture.entries[i]);
	ok(!fixture.entries[4].lane && !fixture.lanes[1].first, "nothing is left in a lane");
	order_is(&fixture, "bgchi");
	fixture_free(&fixture);
}

/* One that wants pieces ten times as large, and has six who want them, gets no more bytes. */
static void
test_shares(void)
{
	struct fixture fixture = {0};
	int64_t got[2] = {0};

	for (int i = 0; i < 6; i++)
		push(&fixture, 0, i);
	push(&fixture, 1, 6);
	for (int turn = 0; turn < 2000; turn++) {
		int entry = pop(&fixture), lane = entry == 6;
		int64_t bytes = lane ? 100000 : 1000000;

		fair_queue_charge(&fixture.fair, &fixture.lanes[lane], (uint64_t)bytes);
		got[lane] += bytes;
		push(&fixture, lane, entry);
	}
	ok(got[0] < got[1] * 11 / 10 && got[1] < got[0] * 11 / 10, "%lld and %lld bytes",
		(long long)got[0], (long long)got[1]);
	fixture_free(&fixture);
}

/*
 * A lane that had everything while it was alone owes nothing; a lane that was away has saved
 * nothing.
 */
static void
test_away(void)
{
	struct fixture fixture = {0};
	int turns = 0;

	push(&fixture, 0, 0);
	for (int turn = 0; turn < 100; turn++) {
		pop(&fixture);
		fair_queue_charge(&fixture.fair, &fixture.lanes[0], 1000000);
		push(&fixture, 0, 0);
	}
	push(&fixture, 1, 1);
	while (pop(&fixture) == 1 && turns < 100) {
		fair_queue_charge(&fixture.fair, &fixture.lanes[1], 1000000);
		push(&fixture, 1, 1);
		turns++;
	}
	ok(turns <= 2, "its turn comes after %d of the newcomer's", turns);
	order_is(&fixture, "b");
	push(&fixture, 0, 0);
	push(&fixture, 1, 1);
	order_is(&fixture, "ab");
	fixture_free(&fixture);
}

/* Many lanes, at random: all get the same, and nothing is lost. */
static void
test_many(void)
{
	static struct fair_lane lanes[500];
	static struct fair_entry entries[1500];
	static uint64_t got[500];
	struct fair_queue fair = {0};
	uint64_t least = UINT64_MAX, most = 0;
	int count = 0;

	srand(1);
	for (int i = 0; i < 1500; i++)
		fair_queue_push(&fair, &lanes[i % 500], &entries[i]);
	for (int i = 0; i < 200000; i++) {
		struct fair_entry *entry = fair_queue_pop(&fair);
		int of = (int)(entry - entries) % 500;
		uint64_t bytes = 1 + (uint64_t)rand() % 1000;

		fair_queue_charge(&fair, &lanes[of], bytes);
		got[of] += bytes;
		fair_queue_push(&fair, &lanes[of], entry);
		entry = &entries[rand() % 1500];
		fair_queue_remove(&fair, entry);
		fair_queue_push(&fair, &lanes[(entry - entries) % 500], entry);
	}
	for (int i = 0; i < 500; i++) {
		least = got[i] < least ? got[i] : least;
		most = got[i] > most ? got[i] : most;
	}
	ok(most - least <= 2000,
		"the one that got least has %lld bytes, the one that got most %lld",
		(long long)least, (long long)most);
	while (fair_queue_pop(&fair))
		count++;
	is_int(count, 1500, "all come out");
	fair_queue_free(&fair);
}

int
main(void)
{
	test_order();
	test_remove();
	test_shares();
	test_away();
	test_many();
	return done();
}
