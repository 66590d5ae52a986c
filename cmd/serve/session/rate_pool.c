/* The rate limiters of several loops keep one rate together. */
#include "serve/session/rate_pool.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "text/buf.h"
#include "text/hash.h"

struct rate_record {
	UT_hash_handle hh;
	size_t holders;
	int64_t paid[RATE_POOL_KINDS];
	size_t key_len;
	char key[];
};

struct rate_pool {
	uv_mutex_t mutex;
	struct rate_record *by_key; /* uthash */
};

struct rate_pool *
rate_pool_new(void)
{
	struct rate_pool *pool = chat_alloc_zeroed(1, sizeof(*pool));

	if (uv_mutex_init(&pool->mutex) != 0)
		abort(); /* impossible: pthread_mutex_init(3) always succeeds */
	return pool;
}

void
rate_pool_free(struct rate_pool *pool)
{
	if (!pool)
		return;
	uv_mutex_destroy(&pool->mutex);
	free(pool);
}

static struct rate_record *
record_new(const char *key, size_t key_len)
{
	struct rate_record *record = chat_alloc_zeroed(1, sizeof(*record) + key_len);

	memcpy(record->key, key, key_len);
	record->key_len = key_len;
	return record;
}

struct rate_record *
rate_pool_hold(
	struct rate_pool *pool, const char *key, size_t key_len, int64_t paid[RATE_POOL_KINDS])
{
	struct rate_record *record;

	uv_mutex_lock(&pool->mutex);
	HASH_FIND(hh, pool->by_key, key, key_len, record);
	if (!record) {
		record = record_new(key, key_len);
		HASH_ADD_KEYPTR(hh, pool->by_key, record->key, key_len, record);
	}
	record->holders++;
	memcpy(paid, record->paid, sizeof(record->paid));
	uv_mutex_unlock(&pool->mutex);
	return record;
}

void
rate_pool_drop(struct rate_pool *pool, struct rate_record *record)
{
	uv_mutex_lock(&pool->mutex);
	if (--record->holders == 0) {
		HASH_DEL(pool->by_key, record);
		free(record);
	}
	uv_mutex_unlock(&pool->mutex);
}

void
rate_pool_pay(struct rate_pool *pool, struct rate_record *record,
	const int64_t more[RATE_POOL_KINDS], int64_t paid[RATE_POOL_KINDS])
{
	uv_mutex_lock(&pool->mutex);
	for (int i = 0; i < RATE_POOL_KINDS; i++)
		record->paid[i] += more[i];
	memcpy(paid, record->paid, sizeof(record->paid));
	uv_mutex_unlock(&pool->mutex);
}
