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
#define LOOKS_FOR_CHANNEL 8 /* for somebody who can be forgotten without loss */

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
	return payer == RATE_ADDRESS && kind != RATE_JOINS ? RATE_LIMITER_SHARE : 1;
}

static int64_t
full_of(const struct rate_limiter *rate_limiter, char payer, enum rate_kind kind)
{
	return rate_limiter->limits[kind].burst * UNIT * share_of(payer, kind);
}

/* Reckons what time has brought. Whether all of it is full. */
static bool
rate_refill(const struct rate_limiter *rate_limiter, struct rate *rate, int64_t now_ms)
{
	int64_t passed_ms = now_ms - rate->paid_ms;
	bool is_full = true;

	rate->paid_ms = now_ms;
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t full = full_of(rate_limiter, rate->key[0], kind);
		int64_t speed =
			rate_limiter->limits[kind].per_second * share_of(rate->key[0], kind);

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
rate_wait_ms(const struct rate_limiter *rate_limiter, const struct rate *rate, enum rate_kind kind,
	int64_t cost)
{
	int64_t full = full_of(rate_limiter, rate->key[0], kind);
	int64_t speed = rate_limiter->limits[kind].per_second * share_of(rate->key[0], kind);
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
rate_limiter_forget(struct rate_limiter *rate_limiter, struct rate *rate)
{
	HASH_DEL(rate_limiter->by_key, rate);
	DL_DELETE(rate_limiter->oldest, rate);
	rate_limiter->count--;
	rate_limiter->bytes -= rate_bytes(rate->key_len);
	free(rate);
}

void
rate_limiter_free(struct rate_limiter *rate_limiter)
{
	while (rate_limiter->oldest)
		rate_limiter_forget(rate_limiter, rate_limiter->oldest);
}

/* Looks at the one that was not looked at for longest: whether it was full, and is forgotten. */
static bool
rate_limiter_look(struct rate_limiter *rate_limiter, int64_t now_ms)
{
	struct rate *rate = rate_limiter->oldest;

	if (rate_refill(rate_limiter, rate, now_ms)) {
		rate_limiter_forget(rate_limiter, rate);
		return true;
	}
	DL_DELETE(rate_limiter->oldest, rate);
	DL_APPEND(rate_limiter->oldest, rate);
	return false;
}

void
rate_limiter_expire(struct rate_limiter *rate_limiter, int64_t now_ms)
{
	size_t looks = rate_limiter->count < LOOKS_AT_ONCE ? rate_limiter->count : LOOKS_AT_ONCE;

	while (looks--)
		rate_limiter_look(rate_limiter, now_ms);
}

static void
rate_limiter_make_channel(struct rate_limiter *rate_limiter, int64_t now_ms)
{
	for (int i = 0; i < LOOKS_FOR_CHANNEL; i++)
		if (rate_limiter_look(rate_limiter, now_ms))
			return;
	rate_limiter_forget(rate_limiter, rate_limiter->oldest);
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
rate_limiter_find(const struct rate_limiter *rate_limiter, const struct rate_payer *payer)
{
	char key[KEY_MAX];
	size_t len = key_make(key, payer);
	struct rate *rate;

	HASH_FIND(hh, rate_limiter->by_key, key, len, rate);
	return rate;
}

static struct rate *
rate_limiter_add(struct rate_limiter *rate_limiter, const struct rate_payer *payer, int64_t now_ms)
{
	char key[KEY_MAX];
	size_t len = key_make(key, payer);
	struct rate *rate = chat_alloc_zeroed(1, sizeof(*rate) + len);

	if (rate_limiter->count >= RATE_LIMITER_MOST)
		rate_limiter_make_channel(rate_limiter, now_ms);
	memcpy(rate->key, key, len);
	rate->key_len = len;
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		rate->credit[kind] = full_of(rate_limiter, rate->key[0], kind);
	rate->paid_ms = now_ms;
	HASH_ADD_KEYPTR(hh, rate_limiter->by_key, rate->key, len, rate);
	DL_APPEND(rate_limiter->oldest, rate);
	rate_limiter->count++;
	rate_limiter->bytes += rate_bytes(len);
	return rate;
}

void
rate_limiter_leave(struct rate_limiter *rate_limiter, const struct rate_payer *payer)
{
	struct rate *rate = rate_limiter->count ? rate_limiter_find(rate_limiter, payer) : NULL;

	if (rate)
		rate_limiter_forget(rate_limiter, rate);
}

/* ---- paying ---- */

static bool
pays(const struct rate_limiter *rate_limiter, const struct rate_payer *payer, enum rate_kind kind,
	int64_t cost)
{
	const struct rate_limit *limit = &rate_limiter->limits[kind];

	return cost && limit->per_second && (!payer->here || limit->here);
}

static bool
pays_any(const struct rate_limiter *rate_limiter, const struct rate_payer *payer,
	const int64_t cost[RATE_KINDS])
{
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		if (pays(rate_limiter, payer, kind, cost[kind]))
			return true;
	return false;
}

/* For how long this payer has too little; reckons its credit. */
static int64_t
payer_wait_ms(struct rate_limiter *rate_limiter, const struct rate_payer *payer,
	const int64_t cost[RATE_KINDS], int64_t now_ms)
{
	struct rate *rate =
		pays_any(rate_limiter, payer, cost) ? rate_limiter_find(rate_limiter, payer) : NULL;
	int64_t wait_ms = 0;

	if (!rate)
		return 0;
	rate_refill(rate_limiter, rate, now_ms);
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t kind_ms = pays(rate_limiter, payer, kind, cost[kind])
			? rate_wait_ms(rate_limiter, rate, kind, cost[kind])
			: 0;

		if (wait_ms < kind_ms)
			wait_ms = kind_ms;
	}
	return wait_ms;
}

static void
payer_take(struct rate_limiter *rate_limiter, const struct rate_payer *payer,
	const int64_t cost[RATE_KINDS], int64_t now_ms)
{
	struct rate *rate;

	if (!pays_any(rate_limiter, payer, cost))
		return;
	rate = rate_limiter_find(rate_limiter, payer);
	if (!rate)
		rate = rate_limiter_add(rate_limiter, payer, now_ms);
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		if (pays(rate_limiter, payer, kind, cost[kind]))
			rate->credit[kind] -= cost[kind] * UNIT;
	DL_DELETE(rate_limiter->oldest, rate);
	DL_APPEND(rate_limiter->oldest, rate);
}

int64_t
rate_limiter_pay(struct rate_limiter *rate_limiter, const struct rate_payer *payers, size_t count,
	const int64_t cost[RATE_KINDS], int64_t now_ms)
{
	int64_t wait_ms = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t payer_ms = payer_wait_ms(rate_limiter, &payers[i], cost, now_ms);

		if (wait_ms < payer_ms)
			wait_ms = payer_ms;
	}
	for (size_t i = 0; i < count && wait_ms == 0; i++)
		payer_take(rate_limiter, &payers[i], cost, now_ms);
	return wait_ms;
}
