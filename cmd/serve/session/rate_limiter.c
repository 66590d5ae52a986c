/* The limits on what is said and who joins, in time. */
#include "serve/session/rate_limiter.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/util/memory.h"
#include "text/hash.h"

#define UNIT 1000 /* credit that one thing costs: a rate of 1/s is one credit a millisecond */
#define LOOKS_AT_ONCE 1000 /* of one sweep */
#define LOOKS_FOR_ROOM 8 /* for somebody who can be forgotten without loss */

struct rate {
	UT_hash_handle hh;
	struct rate *next, *prev;
	int64_t credit[RATE_KINDS];
	int64_t paid_ms; /* when that was reckoned */
	size_t key_len;
	char key[]; /* enum rate_payer_kind, the payer's key */
};

#define KEY_MAX 256

/* ---- credit ---- */

static int64_t
share_of(char payer, enum rate_kind kind)
{
	return payer == RATE_ADDRESS && kind != RATE_JOINS ? RATES_SHARE : 1;
}

static int64_t
full_of(const struct rates *rates, char payer, enum rate_kind kind)
{
	return rates->limits[kind].burst * UNIT * share_of(payer, kind);
}

/* Reckons what time has brought. Whether all of it is full. */
static bool
rate_refill(const struct rates *rates, struct rate *rate, int64_t now_ms)
{
	int64_t passed_ms = now_ms - rate->paid_ms;
	bool is_full = true;

	rate->paid_ms = now_ms;
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t full = full_of(rates, rate->key[0], kind);
		int64_t speed = rates->limits[kind].per_second * share_of(rate->key[0], kind);

		if (speed == 0 || (full - rate->credit[kind]) / speed < passed_ms)
			rate->credit[kind] = full;
		else
			rate->credit[kind] += passed_ms * speed;
		is_full &= rate->credit[kind] == full;
	}
	return is_full;
}

/* For how long there is too little credit for this. */
static int64_t
rate_wait_ms(const struct rates *rates, const struct rate *rate, enum rate_kind kind, int64_t cost)
{
	int64_t full = full_of(rates, rate->key[0], kind);
	int64_t speed = rates->limits[kind].per_second * share_of(rate->key[0], kind);
	int64_t need = cost > full / UNIT ? full : cost * UNIT;

	if (rate->credit[kind] >= need)
		return 0;
	return (need - rate->credit[kind] + speed - 1) / speed;
}

/* ---- who is remembered ---- */

static size_t
rate_bytes(size_t key_len)
{
	return memory_cost(sizeof(struct rate) + key_len);
}

static void
rates_forget(struct rates *rates, struct rate *rate)
{
	HASH_DEL(rates->by_key, rate);
	DL_DELETE(rates->oldest, rate);
	rates->count--;
	rates->bytes -= rate_bytes(rate->key_len);
	free(rate);
}

void
rates_free(struct rates *rates)
{
	while (rates->oldest)
		rates_forget(rates, rates->oldest);
}

/* Looks at the one that was not looked at for longest: whether it was full, and is forgotten. */
static bool
rates_look(struct rates *rates, int64_t now_ms)
{
	struct rate *rate = rates->oldest;

	if (rate_refill(rates, rate, now_ms)) {
		rates_forget(rates, rate);
		return true;
	}
	DL_DELETE(rates->oldest, rate);
	DL_APPEND(rates->oldest, rate);
	return false;
}

void
rates_expire(struct rates *rates, int64_t now_ms)
{
	size_t looks = rates->count < LOOKS_AT_ONCE ? rates->count : LOOKS_AT_ONCE;

	while (looks--)
		rates_look(rates, now_ms);
}

static void
rates_make_room(struct rates *rates, int64_t now_ms)
{
	for (int i = 0; i < LOOKS_FOR_ROOM; i++)
		if (rates_look(rates, now_ms))
			return;
	rates_forget(rates, rates->oldest);
}

static size_t
key_make(char key[KEY_MAX], const struct rate_payer *payer)
{
	size_t len = payer->key.len < KEY_MAX - 1 ? payer->key.len : KEY_MAX - 1;

	key[0] = (char)payer->kind;
	memcpy(key + 1, payer->key.at, len);
	return 1 + len;
}

static struct rate *
rates_find(const struct rates *rates, const struct rate_payer *payer)
{
	char key[KEY_MAX];
	size_t len = key_make(key, payer);
	struct rate *rate;

	HASH_FIND(hh, rates->by_key, key, len, rate);
	return rate;
}

static struct rate *
rates_add(struct rates *rates, const struct rate_payer *payer, int64_t now_ms)
{
	char key[KEY_MAX];
	size_t len = key_make(key, payer);
	struct rate *rate = chat_alloc_zeroed(1, sizeof(*rate) + len);

	if (rates->count >= RATES_MOST)
		rates_make_room(rates, now_ms);
	memcpy(rate->key, key, len);
	rate->key_len = len;
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		rate->credit[kind] = full_of(rates, rate->key[0], kind);
	rate->paid_ms = now_ms;
	HASH_ADD_KEYPTR(hh, rates->by_key, rate->key, len, rate);
	DL_APPEND(rates->oldest, rate);
	rates->count++;
	rates->bytes += rate_bytes(len);
	return rate;
}

void
rates_leave(struct rates *rates, const struct rate_payer *payer)
{
	struct rate *rate = rates->count ? rates_find(rates, payer) : NULL;

	if (rate)
		rates_forget(rates, rate);
}

/* ---- paying ---- */

static bool
pays(const struct rates *rates, const struct rate_payer *payer, enum rate_kind kind, int64_t cost)
{
	const struct rate_limit *limit = &rates->limits[kind];

	return cost && limit->per_second && (!payer->here || limit->here);
}

static bool
pays_any(const struct rates *rates, const struct rate_payer *payer, const int64_t cost[RATE_KINDS])
{
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		if (pays(rates, payer, kind, cost[kind]))
			return true;
	return false;
}

/* For how long this payer has too little; reckons its credit. */
static int64_t
payer_wait_ms(struct rates *rates, const struct rate_payer *payer, const int64_t cost[RATE_KINDS],
	int64_t now_ms)
{
	struct rate *rate = pays_any(rates, payer, cost) ? rates_find(rates, payer) : NULL;
	int64_t wait_ms = 0;

	if (!rate)
		return 0;
	rate_refill(rates, rate, now_ms);
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t kind_ms = pays(rates, payer, kind, cost[kind])
			? rate_wait_ms(rates, rate, kind, cost[kind])
			: 0;

		if (wait_ms < kind_ms)
			wait_ms = kind_ms;
	}
	return wait_ms;
}

static void
payer_take(struct rates *rates, const struct rate_payer *payer, const int64_t cost[RATE_KINDS],
	int64_t now_ms)
{
	struct rate *rate;

	if (!pays_any(rates, payer, cost))
		return;
	rate = rates_find(rates, payer);
	if (!rate)
		rate = rates_add(rates, payer, now_ms);
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		if (pays(rates, payer, kind, cost[kind]))
			rate->credit[kind] -= cost[kind] * UNIT;
	DL_DELETE(rates->oldest, rate);
	DL_APPEND(rates->oldest, rate);
}

int64_t
rates_pay(struct rates *rates, const struct rate_payer *payers, size_t count,
	const int64_t cost[RATE_KINDS], int64_t now_ms)
{
	int64_t wait_ms = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t payer_ms = payer_wait_ms(rates, &payers[i], cost, now_ms);

		if (wait_ms < payer_ms)
			wait_ms = payer_ms;
	}
	for (size_t i = 0; i < count && wait_ms == 0; i++)
		payer_take(rates, &payers[i], cost, now_ms);
	return wait_ms;
}
