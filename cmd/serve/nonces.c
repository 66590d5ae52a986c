/* Retries after a lost connection are safe because of this memory. */
#include "serve/nonces.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "buf.h"
#include "hash.h"

struct nonce {
	UT_hash_handle hh;
	struct nonce *next, *prev;
	struct block *block;
	uint32_t at;
	int64_t born_ms;
	uint64_t sender;
	unsigned char key[];
};

#define KEY_MAX (sizeof(uint64_t) + NONCE_ID_MAX + 1 + NONCE_MAX)

/* The room's number, the id, a NUL (no id holds one), the nonce. Returns its length. */
static size_t
key_make(unsigned char key[KEY_MAX], uint64_t room, struct chat_span id, struct chat_span nonce)
{
	unsigned char *at = key;

	assert(id.len <= NONCE_ID_MAX && nonce.len <= NONCE_MAX);
	memcpy(at, &room, sizeof(room));
	at += sizeof(room);
	memcpy(at, id.at, id.len);
	at += id.len;
	*at++ = '\0';
	memcpy(at, nonce.at, nonce.len);
	return (size_t)(at - key) + nonce.len;
}

struct nonce *
nonces_find(const struct nonces *nonces, uint64_t room, struct chat_span id, struct chat_span text)
{
	unsigned char key[KEY_MAX];
	size_t len = key_make(key, room, id, text);
	struct nonce *nonce = NULL;

	HASH_FIND(hh, nonces->by_key, key, len, nonce);
	return nonce;
}

struct nonce *
nonces_add(struct nonces *nonces, uint64_t room, struct chat_span id, struct chat_span text,
	int64_t now_ms, uint64_t sender)
{
	unsigned char key[KEY_MAX];
	size_t len = key_make(key, room, id, text);
	struct nonce *nonce = chat_alloc(sizeof(*nonce) + len);

	memset(nonce, 0, sizeof(*nonce));
	nonce->born_ms = now_ms;
	nonce->sender = sender;
	memcpy(nonce->key, key, len);
	HASH_ADD_KEYPTR(hh, nonces->by_key, nonce->key, len, nonce);
	DL_APPEND(nonces->oldest, nonce);
	nonces->count++;
	return nonce;
}

uint64_t
nonce_sender(const struct nonce *nonce)
{
	return nonce->sender;
}

void
nonce_adopt(struct nonce *nonce, uint64_t sender)
{
	nonce->sender = sender;
}

static bool
nonces_over(const struct nonces *nonces)
{
	return nonces->count > nonces->most || nonces->bytes > nonces->most_bytes;
}

void
nonces_publish(struct nonces *nonces, struct nonce *nonce, struct block *block, uint32_t at)
{
	nonce->block = block_ref(block);
	nonce->at = at;
	nonces->bytes += block_frame_size(block->bytes + at);
	while (nonces_over(nonces) && nonces->oldest->block)
		nonces_remove(nonces, nonces->oldest);
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
	DL_DELETE(nonces->oldest, nonce);
	nonces->count--;
	if (nonce->block)
		nonces->bytes -= block_frame_size(nonce->block->bytes + nonce->at);
	block_unref(nonce->block);
	free(nonce);
}

void
nonces_expire(struct nonces *nonces, int64_t now_ms)
{
	while (nonces->oldest && nonces->oldest->block &&
		now_ms - nonces->oldest->born_ms > nonces->keep_ms)
		nonces_remove(nonces, nonces->oldest);
}

void
nonces_free(struct nonces *nonces)
{
	while (nonces->oldest)
		nonces_remove(nonces, nonces->oldest);
}
