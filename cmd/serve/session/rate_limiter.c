/* The buckets of the rate limiter. */
#include "serve/session/rate_limiter.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/hash.h"

#define UNIT 1000 /* credit for one message, byte or join: at 1/s one credit a millisecond */
#define EXPIRE_LOOKS 1000 /* buckets that one rate_limiter_expire looks at */
#define EVICT_LOOKS 8 /* buckets that are looked at to find a full one to evict */

/* Of a payer that may pay at other limiters, too. */
struct account {
	struct rate_record *record; /* held; NULL: the pool was not told of it yet */
	int64_t untold[RATE_KINDS]; /* paid here, and not told to the pool */
	int64_t known[RATE_KINDS]; /* paid everywhere, as the pool has told */
};

struct bucket {
	UT_hash_handle hh;
	struct bucket *next, *prev;
	struct bucket *next_paying; /* in rate_limiter->paying; this bucket itself: not in the list
				     */
	struct account *account; /* owned; NULL: nobody else needs to know */
	int64_t credit[RATE_KINDS];
	int64_t filled_ms; /* when the credit was last computed */
	size_t key_len;
	char key[]; /* the kind of the payer as one byte, then its key */
};

#define KEY_MAX 256

_Static_assert(RATE_KINDS == RATE_POOL_KINDS, "the pool has the same kinds");

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

/* Adds the credit that time has brought. Returns true if all credit is full. */
static bool
bucket_fill(const struct rate_limiter *rate_limiter, struct bucket *bucket, int64_t now_ms)
{
	int64_t passed_ms = now_ms - bucket->filled_ms;
	bool is_full = true;

	bucket->filled_ms = now_ms;
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t full = full_of(rate_limiter, bucket->key[0], kind);
		int64_t speed =
			rate_limiter->limits[kind].per_second * share_of(bucket->key[0], kind);

		if (speed == 0 || (full - bucket->credit[kind]) / speed < passed_ms)
			bucket->credit[kind] = full;
		else
			bucket->credit[kind] += passed_ms * speed;
		is_full &= bucket->credit[kind] == full;
	}
	return is_full;
}

/* Returns the milliseconds until the bucket has enough credit for this price; 0: it has. */
static int64_t
bucket_wait_ms(const struct rate_limiter *rate_limiter, const struct bucket *bucket,
	enum rate_kind kind, int64_t price)
{
	int64_t full = full_of(rate_limiter, bucket->key[0], kind);
	int64_t speed = rate_limiter->limits[kind].per_second * share_of(bucket->key[0], kind);
	int64_t need = price > full / UNIT ? full : price * UNIT;

	if (bucket->credit[kind] >= need)
		return 0;
	return (need - bucket->credit[kind] + speed - 1) / speed;
}

/* ---- the table ---- */

static size_t
bucket_bytes(const struct bucket *bucket)
{
	return memory_cost(sizeof(*bucket) + bucket->key_len) +
		(bucket->account ? memory_cost(sizeof(*bucket->account)) : 0);
}

/* Frees the bucket's account. Payments that the pool was not told of are forgotten. */
static void
account_free(struct rate_limiter *rate_limiter, struct bucket *bucket)
{
	if (bucket->next_paying != bucket)
		LL_DELETE2(rate_limiter->paying, bucket, next_paying);
	if (bucket->account && bucket->account->record)
		rate_pool_drop(rate_limiter->pool, bucket->account->record);
	free(bucket->account);
}

static void
bucket_free(struct rate_limiter *rate_limiter, struct bucket *bucket)
{
	HASH_DEL(rate_limiter->by_key, bucket);
	DL_DELETE(rate_limiter->oldest, bucket);
	rate_limiter->count--;
	rate_limiter->bytes -= bucket_bytes(bucket);
	account_free(rate_limiter, bucket);
	free(bucket);
}

void
rate_limiter_free(struct rate_limiter *rate_limiter)
{
	while (rate_limiter->oldest)
		bucket_free(rate_limiter, rate_limiter->oldest);
}

/* Frees the oldest bucket if it is full, or moves it to the end. Returns true if it was freed. */
static bool
look_at_oldest(struct rate_limiter *rate_limiter, int64_t now_ms)
{
	struct bucket *bucket = rate_limiter->oldest;

	if (bucket_fill(rate_limiter, bucket, now_ms)) {
		bucket_free(rate_limiter, bucket);
		return true;
	}
	DL_DELETE(rate_limiter->oldest, bucket);
	DL_APPEND(rate_limiter->oldest, bucket);
	return false;
}

void
rate_limiter_expire(struct rate_limiter *rate_limiter, int64_t now_ms)
{
	size_t looks = rate_limiter->count < EXPIRE_LOOKS ? rate_limiter->count : EXPIRE_LOOKS;

	while (looks--)
		look_at_oldest(rate_limiter, now_ms);
}

static void
evict_one(struct rate_limiter *rate_limiter, int64_t now_ms)
{
	for (int i = 0; i < EVICT_LOOKS; i++)
		if (look_at_oldest(rate_limiter, now_ms))
			return;
	bucket_free(rate_limiter, rate_limiter->oldest);
}

static size_t
key_make(char key[KEY_MAX], const struct rate_payer *payer)
{
	size_t len = payer->key.len < KEY_MAX - 1 ? payer->key.len : KEY_MAX - 1;

	key[0] = (char)payer->kind;
	memcpy(key + 1, payer->key.at, len);
	return 1 + len;
}

static struct bucket *
bucket_find(const struct rate_limiter *rate_limiter, const struct rate_payer *payer)
{
	char key[KEY_MAX];
	size_t len = key_make(key, payer);
	struct bucket *bucket;

	HASH_FIND(hh, rate_limiter->by_key, key, len, bucket);
	return bucket;
}

static struct bucket *
bucket_add(struct rate_limiter *rate_limiter, const struct rate_payer *payer, int64_t now_ms)
{
	char key[KEY_MAX];
	size_t len = key_make(key, payer);
	struct bucket *bucket = chat_alloc_zeroed(1, sizeof(*bucket) + len);

	if (rate_limiter->count >= RATE_LIMITER_MAX)
		evict_one(rate_limiter, now_ms);
	memcpy(bucket->key, key, len);
	bucket->key_len = len;
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		bucket->credit[kind] = full_of(rate_limiter, bucket->key[0], kind);
	bucket->filled_ms = now_ms;
	bucket->next_paying = bucket;
	if (rate_limiter->pool && payer->kind != RATE_CONN)
		bucket->account = chat_alloc_zeroed(1, sizeof(*bucket->account));
	HASH_ADD_KEYPTR(hh, rate_limiter->by_key, bucket->key, len, bucket);
	DL_APPEND(rate_limiter->oldest, bucket);
	rate_limiter->count++;
	rate_limiter->bytes += bucket_bytes(bucket);
	return bucket;
}

void
rate_limiter_forget(struct rate_limiter *rate_limiter, const struct rate_payer *payer)
{
	struct bucket *bucket = rate_limiter->count ? bucket_find(rate_limiter, payer) : NULL;

	if (bucket)
		bucket_free(rate_limiter, bucket);
}

/* ---- other limiters ---- */

static void
note_payment(struct rate_limiter *rate_limiter, struct bucket *bucket, enum rate_kind kind,
	int64_t credit)
{
	bucket->account->untold[kind] += credit;
	if (bucket->next_paying != bucket)
		return;
	bucket->next_paying = rate_limiter->paying;
	rate_limiter->paying = bucket;
}

/* Takes what was paid elsewhere. A payer never owes more than a burst because of that. */
static void
take_others(const struct rate_limiter *rate_limiter, struct bucket *bucket,
	const int64_t paid[RATE_KINDS])
{
	struct account *account = bucket->account;

	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t elsewhere = paid[kind] - account->known[kind] - account->untold[kind];
		int64_t least = -full_of(rate_limiter, bucket->key[0], kind);

		if (bucket->credit[kind] < least)
			least = bucket->credit[kind];
		bucket->credit[kind] = bucket->credit[kind] - elsewhere < least
			? least
			: bucket->credit[kind] - elsewhere;
		account->known[kind] = paid[kind];
		account->untold[kind] = 0;
	}
}

static void
bucket_exchange(const struct rate_limiter *rate_limiter, struct bucket *bucket)
{
	struct account *account = bucket->account;
	int64_t paid[RATE_KINDS];

	if (!account->record)
		account->record = rate_pool_hold(
			rate_limiter->pool, bucket->key, bucket->key_len, account->known);
	rate_pool_pay(rate_limiter->pool, account->record, account->untold, paid);
	take_others(rate_limiter, bucket, paid);
}

void
rate_limiter_exchange(struct rate_limiter *rate_limiter)
{
	struct bucket *bucket = rate_limiter->paying, *next;

	rate_limiter->paying = NULL;
	for (; bucket; bucket = next) {
		next = bucket->next_paying;
		bucket->next_paying = bucket;
		bucket_exchange(rate_limiter, bucket);
	}
}

/* ---- paying ---- */

static bool
pays(const struct rate_limiter *rate_limiter, const struct rate_payer *payer, enum rate_kind kind,
	int64_t price)
{
	const struct rate_limit *limit = &rate_limiter->limits[kind];

	return price && limit->per_second && (!payer->here || limit->here);
}

static bool
pays_any(const struct rate_limiter *rate_limiter, const struct rate_payer *payer,
	const int64_t price[RATE_KINDS])
{
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		if (pays(rate_limiter, payer, kind, price[kind]))
			return true;
	return false;
}

/* Returns the milliseconds until the payer can pay; 0: now. */
static int64_t
payer_wait_ms(struct rate_limiter *rate_limiter, const struct rate_payer *payer,
	const int64_t price[RATE_KINDS], int64_t now_ms)
{
	struct bucket *bucket =
		pays_any(rate_limiter, payer, price) ? bucket_find(rate_limiter, payer) : NULL;
	int64_t wait_ms = 0;

	if (!bucket)
		return 0;
	bucket_fill(rate_limiter, bucket, now_ms);
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
		int64_t kind_ms = pays(rate_limiter, payer, kind, price[kind])
			? bucket_wait_ms(rate_limiter, bucket, kind, price[kind])
			: 0;

		if (wait_ms < kind_ms)
			wait_ms = kind_ms;
	}
	return wait_ms;
}

static void
payer_take(struct rate_limiter *rate_limiter, const struct rate_payer *payer,
	const int64_t price[RATE_KINDS], int64_t now_ms)
{
	struct bucket *bucket;

	if (!pays_any(rate_limiter, payer, price))
		return;
	bucket = bucket_find(rate_limiter, payer);
	if (!bucket)
		bucket = bucket_add(rate_limiter, payer, now_ms);
	for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++)
		if (pays(rate_limiter, payer, kind, price[kind])) {
			bucket->credit[kind] -= price[kind] * UNIT;
			if (bucket->account)
				note_payment(rate_limiter, bucket, kind, price[kind] * UNIT);
		}
	DL_DELETE(rate_limiter->oldest, bucket);
	DL_APPEND(rate_limiter->oldest, bucket);
}

int64_t
rate_limiter_pay(struct rate_limiter *rate_limiter, const struct rate_payer *payers, size_t count,
	const int64_t price[RATE_KINDS], int64_t now_ms)
{
	int64_t wait_ms = 0;

	for (size_t i = 0; i < count; i++) {
		int64_t payer_ms = payer_wait_ms(rate_limiter, &payers[i], price, now_ms);

		if (wait_ms < payer_ms)
			wait_ms = payer_ms;
	}
	for (size_t i = 0; i < count && wait_ms == 0; i++)
		payer_take(rate_limiter, &payers[i], price, now_ms);
	return wait_ms;
}
