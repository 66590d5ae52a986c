/* The rate limit: a burst, its refill, whose it is, and what is forgotten. */
#include "serve/rates.h"

#include <stdio.h>

#include "tap.h"

static int64_t
pay(struct rates *rates, const char *channel, const char *id, int64_t now_ms)
{
	return rates_pay(rates, chat_span_of(channel), chat_span_of(id), now_ms);
}

static void
test_burst(void)
{
	struct rates rates = {.per_second = 5, .burst = 3};

	for (int i = 0; i < 3; i++)
		ok(pay(&rates, "/", "a", 1000) == 0, "message %d of the burst", i + 1);
	ok(pay(&rates, "/", "a", 1000) == 200, "the next one in a fifth of a second");
	ok(pay(&rates, "/", "a", 1150) == 50, "asking takes nothing");
	ok(pay(&rates, "/", "a", 1200) == 0 && pay(&rates, "/", "a", 1200) == 200, "then one");
	ok(pay(&rates, "/", "a", 999999) == 0 && pay(&rates, "/", "a", 999999) == 0 &&
			pay(&rates, "/", "a", 999999) == 0 && pay(&rates, "/", "a", 999999) == 200,
		"after a long time no more than the burst");
	rates_free(&rates);
}

static void
test_whose(void)
{
	struct rates rates = {.per_second = 1, .burst = 1};

	ok(pay(&rates, "/", "a", 0) == 0 && pay(&rates, "/", "a", 0) == 1000, "one for each");
	ok(pay(&rates, "/", "b", 0) == 0, "another user");
	ok(pay(&rates, "/c", "a", 0) == 0, "the same id in another channel is another user");
	ok(pay(&rates, "/ca", "", 0) == 0, "channel and id do not run into each other");
	ok(rates.count == 4, "four are remembered");
	rates_free(&rates);
}

static void
test_forgetting(void)
{
	struct rates rates = {.per_second = 2, .burst = 4};
	char id[16];

	pay(&rates, "/", "a", 0);
	pay(&rates, "/", "b", 1000);
	rates_expire(&rates, 2000);
	ok(rates.count == 2, "nobody is full yet for sure");
	rates_expire(&rates, 2001);
	ok(rates.count == 1, "who is full is forgotten");
	for (int i = 0; i < RATES_MOST + 10; i++) {
		snprintf(id, sizeof(id), "%d", i);
		pay(&rates, "/", id, 2002);
	}
	ok(rates.count == RATES_MOST, "no more than so many");
	rates_expire(&rates, 99999);
	ok(rates.count == 0 && !rates.oldest, "all are forgotten");
	rates.per_second = 0;
	ok(pay(&rates, "/", "a", 0) == 0 && rates.count == 0, "without a rate nothing is kept");
	rates_free(&rates);
}

int
main(void)
{
	test_burst();
	test_whose();
	test_forgetting();
	return done();
}
