/* The rate limit of users. */
#include "serve/rates.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "buf.h"
#include "hash.h"

#define MESSAGE 1000 /* what one costs: a rate of 1/s is one credit a millisecond */

struct rate {
	UT_hash_handle hh;
	struct rate *next, *prev;
	int64_t credit;
	int64_t paid_ms; /* when that was reckoned */
	char key[]; /* channel, NUL, id: neither holds a NUL */
};

static struct rate *
rates_add(struct rates *rates, const char *key, size_t len, int64_t now_ms)
{
	struct rate *rate = chat_alloc_zeroed(1, sizeof(*rate) + len);

	memcpy(rate->key, key, len);
	rate->credit = rates->burst * MESSAGE;
	rate->paid_ms = now_ms;
	HASH_ADD_KEYPTR(hh, rates->by_key, rate->key, len, rate);
	DL_APPEND(rates->oldest, rate);
	rates->count++;
	return rate;
}

static void
rates_forget(struct rates *rates, struct rate *rate)
{
	HASH_DEL(rates->by_key, rate);
	DL_DELETE(rates->oldest, rate);
	rates->count--;
	free(rate);
}

void
rates_free(struct rates *rates)
{
	while (rates->oldest)
		rates_forget(rates, rates->oldest);
}

static struct rate *
rates_of(struct rates *rates, struct chat_span channel, struct chat_span id, int64_t now_ms)
{
	struct chat_buf key = {0};
	struct rate *rate;

	chat_buf_append_span(&key, channel);
	chat_buf_append(&key, "", 1);
	chat_buf_append_span(&key, id);
	HASH_FIND(hh, rates->by_key, key.at, key.len, rate);
	if (!rate)
		rate = rates_add(rates, key.at, key.len, now_ms);
	chat_buf_free(&key);
	return rate;
}

/* Time from empty to full. */
static int64_t
full_ms(const struct rates *rates)
{
	return rates->burst * MESSAGE / rates->per_second;
}

int64_t
rates_pay(struct rates *rates, struct chat_span channel, struct chat_span id, int64_t now_ms)
{
	int64_t full = rates->burst * MESSAGE, passed_ms;
	struct rate *rate;

	if (rates->per_second == 0)
		return 0;
	rate = rates_of(rates, channel, id, now_ms);
	passed_ms = now_ms - rate->paid_ms;
	rate->credit += passed_ms > full_ms(rates) ? full : passed_ms * rates->per_second;
	if (rate->credit > full)
		rate->credit = full;
	rate->paid_ms = now_ms;
	DL_DELETE(rates->oldest, rate);
	DL_APPEND(rates->oldest, rate);
	if (rates->count > RATES_MOST)
		rates_forget(rates, rates->oldest);
	if (rate->credit < MESSAGE)
		return (MESSAGE - rate->credit + rates->per_second - 1) / rates->per_second;
	rate->credit -= MESSAGE;
	return 0;
}

void
rates_expire(struct rates *rates, int64_t now_ms)
{
	while (rates->oldest && now_ms - rates->oldest->paid_ms > full_ms(rates))
		rates_forget(rates, rates->oldest);
}
