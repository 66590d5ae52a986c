/* The limits in time: a burst, its refill, who pays, and who is forgotten. */
#include "serve/session/rate_limiter.h"

#include <stdio.h>

#include "tap.h"

#define UNLIMITED \
	{ \
		.burst = 1 \
	}

static struct rate_payer
payer(enum rate_payer_kind kind, const char *key)
{
	return (struct rate_payer){kind, chat_span_of(key), false};
}

static int64_t
pay_all(struct rate_limiter *rate_limiter, const struct rate_payer *payers, size_t count,
	int64_t messages, int64_t bytes, int64_t joins, int64_t now_ms)
{
	const int64_t cost[RATE_KINDS] = {messages, bytes, joins};

	return rate_limiter_pay(rate_limiter, payers, count, cost, now_ms);
}

/* For one message of one connection. */
static int64_t
pay(struct rate_limiter *rate_limiter, const char *key, int64_t now_ms)
{
	struct rate_payer conn = payer(RATE_CONN, key);

	return pay_all(rate_limiter, &conn, 1, 1, 0, 0, now_ms);
}

static void
test_burst(void)
{
	struct rate_limiter rate_limiter = {.limits = {{.per_second = 5, .burst = 3}}};

	for (int i = 0; i < 3; i++)
		ok(pay(&rate_limiter, "a", 1000) == 0, "message %d of the burst", i + 1);
	ok(pay(&rate_limiter, "a", 1000) == 200, "the next one in a fifth of a second");
	ok(pay(&rate_limiter, "a", 1150) == 50, "asking takes nothing");
	ok(pay(&rate_limiter, "a", 1200) == 0 && pay(&rate_limiter, "a", 1200) == 200, "then one");
	ok(pay(&rate_limiter, "a", 999999) == 0 && pay(&rate_limiter, "a", 999999) == 0 &&
			pay(&rate_limiter, "a", 999999) == 0 &&
			pay(&rate_limiter, "a", 999999) == 200,
		"after a long time no more than the burst");
	rate_limiter_free(&rate_limiter);
}

static void
test_whose(void)
{
	struct rate_limiter rate_limiter = {.limits = {{.per_second = 1, .burst = 1}}};
	struct rate_payer named = payer(RATE_NAME, "a");

	ok(pay(&rate_limiter, "a", 0) == 0 && pay(&rate_limiter, "a", 0) == 1000, "one for each");
	ok(pay(&rate_limiter, "b", 0) == 0, "another connection");
	ok(pay_all(&rate_limiter, &named, 1, 1, 0, 0, 0) == 0, "a name is no connection");
	ok(rate_limiter.count == 3, "three are remembered");
	rate_limiter_forget(&rate_limiter, &named);
	ok(rate_limiter.count == 2, "two, when one of them is gone");
	rate_limiter_forget(&rate_limiter, &named);
	ok(pay(&rate_limiter, "a", 0) == 1000, "the others as before");
	rate_limiter_free(&rate_limiter);
}

/* However many connections an address has, it says no more than four of them may. */
static void
test_address(void)
{
	struct rate_limiter rate_limiter = {.limits = {{.per_second = 10, .burst = 5}, UNLIMITED,
						    {.per_second = 10, .burst = 5}}};
	unsigned said = 0, joined = 0;
	char key[16];

	for (int i = 0; i < 1000; i++) {
		struct rate_payer both[2];

		snprintf(key, sizeof(key), "%d", i);
		both[0] = payer(RATE_CONN, key);
		both[1] = payer(RATE_ADDRESS, "here");
		said += pay_all(&rate_limiter, both, 2, 1, 0, 0, 0) == 0;
		joined += pay_all(&rate_limiter, both + 1, 1, 0, 0, 1, 0) == 0;
	}
	is_int(said, 4 * 5, "four bursts of a thousand connections");
	is_int(joined, 5, "one burst of joins");
	is_int(rate_limiter.count, 4 * 5 + 1, "who could not pay is not remembered");
	said = 0;
	for (int64_t now_ms = 0; now_ms < 10000; now_ms++) {
		struct rate_payer both[2] = {payer(RATE_CONN, "one"), payer(RATE_ADDRESS, "here")};

		snprintf(key, sizeof(key), "%d", (int)now_ms);
		both[0] = payer(RATE_CONN, key);
		said += pay_all(&rate_limiter, both, 2, 1, 0, 0, now_ms) == 0;
	}
	ok(said >= 398 && said <= 402, "%u messages in ten seconds, 40 each", said);
	rate_limiter_free(&rate_limiter);
}

/* All pay, or none does. */
static void
test_together(void)
{
	struct rate_limiter rate_limiter = {
		.limits = {{.per_second = 1, .burst = 2}, {.per_second = 100, .burst = 400}}};
	struct rate_payer two[] = {payer(RATE_NAME, "a"), payer(RATE_NAME, "b")};

	ok(pay_all(&rate_limiter, two, 1, 2, 0, 0, 0) == 0, "the first has spent its messages");
	ok(pay_all(&rate_limiter, two, 2, 1, 400, 0, 0) == 1000, "so the two wait for it");
	ok(pay_all(&rate_limiter, two + 1, 1, 2, 400, 0, 0) == 0,
		"and the second has all of its own");
	ok(pay_all(&rate_limiter, two + 1, 1, 1, 100, 0, 0) == 1000,
		"they wait for what comes last");
	ok(pay_all(&rate_limiter, two + 1, 1, 1, 200, 0, 0) == 2000, "be it bytes");
	rate_limiter_free(&rate_limiter);
}

static void
test_debt(void)
{
	struct rate_limiter rate_limiter = {
		.limits = {UNLIMITED, {.per_second = 100, .burst = 400}}};
	struct rate_payer conn = payer(RATE_CONN, "a");

	ok(pay_all(&rate_limiter, &conn, 1, 1, 1000, 0, 0) == 0,
		"more than a burst is for a full credit");
	ok(pay_all(&rate_limiter, &conn, 1, 1, 1, 0, 0) == 6010, "and leaves a debt");
	rate_limiter_expire(&rate_limiter, 5000);
	is_int(rate_limiter.count, 1, "that is not forgotten");
	ok(pay_all(&rate_limiter, &conn, 1, 1, 1000, 0, 6000) == 4000,
		"the next like that waits longer");
	ok(pay_all(&rate_limiter, &conn, 1, 1, 1, 0, 6000) == 10, "one byte does not");
	rate_limiter_expire(&rate_limiter, 10001);
	is_int(rate_limiter.count, 0, "who has paid it off is forgotten");
	rate_limiter_free(&rate_limiter);
}

static void
test_here(void)
{
	struct rate_limiter rate_limiter = {.limits = {{.per_second = 1, .burst = 1}}};
	struct rate_payer conn = payer(RATE_CONN, "a");

	conn.here = true;
	ok(pay_all(&rate_limiter, &conn, 1, 1, 0, 0, 0) == 0 &&
			pay_all(&rate_limiter, &conn, 1, 1, 0, 0, 0) == 0 &&
			rate_limiter.count == 0,
		"who is here pays nothing");
	rate_limiter.limits[RATE_MESSAGES].here = true;
	ok(pay_all(&rate_limiter, &conn, 1, 1, 0, 0, 0) == 0 &&
			pay_all(&rate_limiter, &conn, 1, 1, 0, 0, 0) == 1000,
		"unless all do");
	rate_limiter.limits[RATE_MESSAGES].per_second = 0;
	ok(pay_all(&rate_limiter, &conn, 1, 1, 0, 0, 0) == 0, "without a rate nobody does");
	rate_limiter_free(&rate_limiter);
}

static void
test_forgetting(void)
{
	struct rate_limiter rate_limiter = {.limits = {{.per_second = 2, .burst = 4}}};
	char key[16];

	pay(&rate_limiter, "a", 0);
	pay(&rate_limiter, "b", 1000);
	rate_limiter_expire(&rate_limiter, 499);
	ok(rate_limiter.count == 2, "nobody is full yet");
	rate_limiter_expire(&rate_limiter, 1001);
	ok(rate_limiter.count == 1, "who is full is forgotten");
	for (int i = 0; i < RATE_LIMITER_MAX + 10; i++) {
		snprintf(key, sizeof(key), "%d", i);
		pay(&rate_limiter, key, 1002);
	}
	ok(rate_limiter.count == RATE_LIMITER_MAX, "no more than so many");
	ok(rate_limiter.bytes < 20 << 20, "which are %zu bytes", rate_limiter.bytes);
	for (int i = 0; i < RATE_LIMITER_MAX / 1000; i++)
		rate_limiter_expire(&rate_limiter, 99999);
	ok(rate_limiter.count == 0 && !rate_limiter.oldest && rate_limiter.bytes == 0,
		"all are forgotten");
	rate_limiter_free(&rate_limiter);
}

/* Full of those that are not, the table has room at once for another. */
static void
test_full_table(void)
{
	struct rate_limiter rate_limiter = {.limits = {{.per_second = 1, .burst = 4}}};
	char key[16];

	for (int i = 0; i < RATE_LIMITER_MAX; i++) {
		snprintf(key, sizeof(key), "%d", i);
		pay(&rate_limiter, key, i < 4 ? 0 : 5000);
	}
	pay(&rate_limiter, "new", 5000);
	is_int(rate_limiter.count, RATE_LIMITER_MAX, "one has gone");
	ok(pay(&rate_limiter, "5", 5000) == 0 && pay(&rate_limiter, "5", 5000) == 0 &&
			pay(&rate_limiter, "5", 5000) == 0 && pay(&rate_limiter, "5", 5000) == 1000,
		"and it was one with nothing to lose");
	rate_limiter_free(&rate_limiter);
}

#define LIMITERS 3 /* of three loops */

/* Returns how many messages of one payer get through in so many ms, of as many as it can try. */
static int
pay_everywhere(struct rate_limiter limiters[LIMITERS], const struct rate_payer *who,
	int64_t begin_ms, int64_t ms)
{
	int paid = 0;

	for (int64_t now_ms = begin_ms; now_ms < begin_ms + ms; now_ms++) {
		for (int i = 0; i < LIMITERS; i++)
			paid += pay_all(&limiters[i], who, 1, 1, 0, 0, now_ms) == 0;
		for (int i = 0; i < LIMITERS && now_ms % 100 == 0; i++) {
			rate_limiter_exchange(&limiters[i]);
			rate_limiter_expire(&limiters[i], now_ms);
		}
	}
	return paid;
}

static void
test_several(enum rate_payer_kind kind, int share)
{
	struct rate_pool *pool = rate_pool_new();
	struct rate_limiter limiters[LIMITERS] = {0};
	struct rate_payer who = payer(kind, "a");
	int paid;

	for (int i = 0; i < LIMITERS; i++) {
		limiters[i].limits[0] = (struct rate_limit){.per_second = 10, .burst = 20};
		limiters[i].pool = pool;
	}
	paid = pay_everywhere(limiters, &who, 0, 1000);
	ok(paid >= 20 * share && paid <= (LIMITERS * 20 + 10) * share,
		"at first at most a burst on each of them: %d", paid);
	pay_everywhere(limiters, &who, 1000, 30000);
	paid = pay_everywhere(limiters, &who, 31000, 60000);
	ok(paid >= 540 * share && paid <= 660 * share, "then one rate for all of them: %d", paid);
	ok(pay_all(&limiters[0], &who, 1, 1, 0, 0, 200000) == 0, "later it has credit again");
	for (int i = 0; i < LIMITERS; i++) {
		rate_limiter_free(&limiters[i]);
		is_int((long long)limiters[i].bytes, 0, "nothing is held");
	}
	rate_pool_free(pool);
}

/* A connection is on one loop, and pays nowhere else. */
static void
test_connections_of_several(void)
{
	struct rate_pool *pool = rate_pool_new();
	struct rate_limiter limiters[LIMITERS] = {0};
	struct rate_payer who = payer(RATE_CONN, "a");
	int paid;

	for (int i = 0; i < LIMITERS; i++) {
		limiters[i].limits[0] = (struct rate_limit){.per_second = 10, .burst = 1};
		limiters[i].pool = pool;
	}
	paid = pay_everywhere(limiters, &who, 0, 10000);
	ok(paid >= LIMITERS * 95, "connections on several of them have a rate each: %d", paid);
	for (int i = 0; i < LIMITERS; i++)
		rate_limiter_free(&limiters[i]);
	rate_pool_free(pool);
}

int
main(void)
{
	test_burst();
	test_whose();
	test_address();
	test_together();
	test_debt();
	test_here();
	test_forgetting();
	test_full_table();
	test_several(RATE_NAME, 1);
	test_several(RATE_ADDRESS, RATE_LIMITER_SHARE);
	test_connections_of_several();
	return done();
}
