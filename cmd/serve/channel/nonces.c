/*
 * Remembers nonces. So a client that does not know if its message was accepted can post the message
 * again. post.c looks up the nonce of each message that has one.
 */
#include "serve/channel/nonces.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/hash.h"
#include "text/span.h"
#include "wire/url.h"

struct nonce_owner {
	struct share share; /* first: shares_largest returns a pointer to it */
	UT_hash_handle hh;
	uint64_t key;
	struct nonce *oldest; /* utlist, by age: its nonces of published messages */
	size_t count; /* the number of its nonces, of published and of pending messages */
};

struct nonce {
	UT_hash_handle hh;
	struct nonce_key key;
	struct nonce *next, *prev; /* in nonces->oldest; valid if block is not NULL */
	struct nonce *next_own, *prev_own; /* in owner->oldest; valid if block is not NULL */
	struct nonce_owner *owner;
	struct block *block; /* one reference; NULL: its message is pending */
	uint32_t at; /* offset of the message's frame in the block */
	int64_t published_ms; /* by clock_now_ms; valid if block is not NULL */
	uint64_t digest;
	struct nonce_sender *senders; /* NULL: the message is published */
};

/* ---- owners ---- */

/* Returns the owner with this key, and counts one more nonce. Makes the owner if there is none. */
static struct nonce_owner *
owner_of(struct nonces *nonces, uint64_t key)
{
	struct nonce_owner *owner;

	HASH_FIND(hh, nonces->owners, &key, sizeof(key), owner);
	if (!owner) {
		owner = chat_alloc_zeroed(1, sizeof(*owner));
		owner->key = key;
		HASH_ADD(hh, nonces->owners, key, sizeof(key), owner);
	}
	owner->count++;
	return owner;
}

/* Counts one nonce less. Frees the owner after its last nonce. */
static void
owner_release(struct nonces *nonces, struct nonce_owner *owner)
{
	if (--owner->count)
		return;
	HASH_DEL(nonces->owners, owner);
	free(owner);
}

/* ---- nonces ---- */

/*
 * None of the three spans may contain a NUL. So different nonces have different keys, unless 128
 * bits of hash are equal by chance.
 */
struct nonce_key
nonce_key(struct chat_span channel, struct chat_span id, struct chat_span nonce)
{
	char bytes[CHAT_CHANNEL_MAX + NONCE_ID_MAX + NONCE_MAX + 3], *at = bytes;
	const char *end = bytes + sizeof(bytes);
	size_t len;

	assert(channel.len <= CHAT_CHANNEL_MAX && id.len <= NONCE_ID_MAX && nonce.len <= NONCE_MAX);
	at = chat_span_put(at, end, channel);
	*at++ = '\0';
	at = chat_span_put(at, end, id);
	*at++ = '\0';
	at = chat_span_put(at, end, nonce);
	*at = '\0';
	len = (size_t)(at - bytes);
	return (struct nonce_key){{chat_hash(bytes, len), chat_hash(bytes, len + 1)}};
}

struct nonce *
nonces_find(const struct nonces *nonces, struct nonce_key key)
{
	struct nonce *nonce;

	HASH_FIND(hh, nonces->by_key, &key, sizeof(key), nonce);
	return nonce;
}

void
nonce_add_sender(struct nonce *nonce, uint64_t sender)
{
	struct nonce_sender **end = &nonce->senders;
	unsigned count = 0;

	while (*end && (*end)->sender != sender && count++ < NONCE_SENDERS_MOST)
		end = &(*end)->next;
	if (count == NONCE_SENDERS_MOST)
		return;
	if (!*end) {
		*end = chat_alloc_zeroed(1, sizeof(**end));
		(*end)->sender = sender;
	}
	(*end)->count++;
}

struct nonce *
nonces_add(struct nonces *nonces, struct nonce_key key, const struct nonce_message *message)
{
	struct nonce *nonce = chat_alloc_zeroed(1, sizeof(*nonce));

	nonce->key = key;
	nonce->owner = owner_of(nonces, message->owner);
	nonce->digest = message->digest;
	nonce_add_sender(nonce, message->sender);
	HASH_ADD(hh, nonces->by_key, key, sizeof(key), nonce);
	return nonce;
}

uint64_t
nonce_digest(const struct nonce *nonce)
{
	return nonce->digest;
}

const struct nonce_sender *
nonce_senders(const struct nonce *nonce)
{
	return nonce->senders;
}

static void
senders_free(struct nonce *nonce)
{
	struct nonce_sender *sender, *next;

	LL_FOREACH_SAFE(nonce->senders, sender, next)
	free(sender);
	nonce->senders = NULL;
}

/*
 * Returns the memory of a published nonce, with its entry in the hash table and all of its block.
 */
static size_t
nonce_cost(const struct nonce *nonce)
{
	return memory_cost(sizeof(*nonce)) + sizeof(UT_hash_bucket) + block_cost(nonce->block);
}

/* Returns true if one of the limits is exceeded. */
static bool
nonces_over(const struct nonces *nonces)
{
	return nonces->count > nonces->most || nonces->shares.amount > nonces->most_bytes;
}

void
nonces_publish(struct nonces *nonces, struct nonce *nonce, struct block *block, uint32_t at,
	int64_t now_ms)
{
	senders_free(nonce);
	nonce->block = block_keep(block, &at);
	nonce->at = at;
	nonce->published_ms = now_ms;
	nonces->count++;
	DL_APPEND(nonces->oldest, nonce);
	DL_APPEND2(nonce->owner->oldest, nonce, prev_own, next_own);
	shares_add(&nonces->shares, &nonce->owner->share, nonce_cost(nonce));
	nonces_fit(nonces);
}

void
nonces_fit(struct nonces *nonces)
{
	struct share *largest;

	while (nonces_over(nonces) && (largest = shares_largest(&nonces->shares)))
		nonces_remove(nonces, ((struct nonce_owner *)largest)->oldest);
}

struct block *
nonce_block(const struct nonce *nonce, uint32_t *at)
{
	*at = nonce->at;
	return nonce->block;
}

void
nonces_remove(struct nonces *nonces, struct nonce *nonce)
{
	HASH_DEL(nonces->by_key, nonce);
	if (nonce->block) {
		nonces->count--;
		DL_DELETE(nonces->oldest, nonce);
		DL_DELETE2(nonce->owner->oldest, nonce, prev_own, next_own);
		shares_take(&nonces->shares, &nonce->owner->share, nonce_cost(nonce));
		block_unref(nonce->block);
	}
	owner_release(nonces, nonce->owner);
	senders_free(nonce);
	free(nonce);
}

void
nonces_expire(struct nonces *nonces, int64_t now_ms)
{
	while (nonces->oldest && now_ms - nonces->oldest->published_ms > nonces->keep_ms)
		nonces_remove(nonces, nonces->oldest);
}

void
nonces_free(struct nonces *nonces)
{
	struct nonce *nonce, *next;

	HASH_ITER(hh, nonces->by_key, nonce, next)
	nonces_remove(nonces, nonce);
}
