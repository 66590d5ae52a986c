#ifndef SERVE_NONCES_H
#define SERVE_NONCES_H

#include <stddef.h>
#include <stdint.h>

#include "serve/block.h"
#include "span.h"

/*
 * The nonces of the last minutes: a (channel, user id, nonce) seen again makes no second message;
 * the sender gets the first one again. Bounded: beyond `most` nonces, or `most_bytes` of messages
 * held for them, the oldest is forgotten early.
 */
struct nonce;

struct nonces {
	struct nonce *by_key;
	struct nonce *oldest; /* utlist, by age */
	size_t count, most;
	size_t bytes, most_bytes;
	int64_t keep_ms;
};

void nonces_free(struct nonces *nonces);

#define NONCE_ID_MAX 4096 /* bytes of a user id; the message that brings it is no longer */
#define NONCE_MAX 256 /* bytes of a nonce, decoded: 64 characters */

/* The one of this key, or NULL. room: a number no other channel ever has. nonce: decoded. */
struct nonce *nonces_find(
	const struct nonces *nonces, uint64_t room, struct chat_span id, struct chat_span nonce);

/*
 * Remembers one; its message is not known to be kept yet. now: monotonic. sender: who is to be told
 * how it ends, a number that says nothing here.
 */
struct nonce *nonces_add(struct nonces *nonces, uint64_t room, struct chat_span id,
	struct chat_span nonce, int64_t now_ms, uint64_t sender);

/* The sender of one that is not published; and another one in its place. */
uint64_t nonce_sender(const struct nonce *nonce);
void nonce_adopt(struct nonce *nonce, uint64_t sender);

/* Its message was published: where it lies. The block is referenced. */
void nonces_publish(struct nonces *nonces, struct nonce *nonce, struct block *block, uint32_t at);

/* The published message, or NULL while it is not. */
struct block *nonce_block(const struct nonce *nonce, uint32_t *at);

/* Its message came to nothing: it may be tried again. */
void nonces_remove(struct nonces *nonces, struct nonce *nonce);

/* Forgets what is older than keep_ms. Those whose message is still on its way stay. */
void nonces_expire(struct nonces *nonces, int64_t now_ms);

#endif
