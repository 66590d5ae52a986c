#ifndef SERVE_CHANNEL_NONCES_H
#define SERVE_CHANNEL_NONCES_H

#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/frame/block.h"
#include "serve/util/fair_share.h"

/*
 * The nonces of the last minutes: a (channel, user id, nonce) seen again makes no second message;
 * the sender gets the first one again. Bounded: beyond `most` nonces, or `most_bytes` of memory for
 * them and their messages, the owner that holds most loses its oldest one early. So nobody can make
 * the server forget what others may have to say again.
 *
 * One is remembered from its message on. Until that is published it takes no part in the bounds:
 * whoever bounds what waits for the journal bounds these.
 */
struct nonce;
struct nonce_owner;

struct nonces {
	struct nonce *by_key;
	struct nonce *oldest; /* utlist, by age: those whose messages are published */
	struct nonce_owner *owners;
	struct shares shares; /* of the owners, in bytes of memory */
	size_t count, most; /* of those that are published */
	size_t most_bytes;
	int64_t keep_ms;
};

void nonces_free(struct nonces *nonces);

#define NONCE_ID_MAX 4096 /* bytes of a user id; the message that brings it is no longer */
#define NONCE_MAX 256 /* bytes of a nonce, decoded: 64 characters */

/* A channel, a user id and a decoded nonce, hashed under the secret of the process. */
struct nonce_key {
	uint64_t hash[2];
};

struct nonce_key nonce_key(struct chat_span channel, struct chat_span id, struct chat_span nonce);

/* The one of this key, or NULL. */
struct nonce *nonces_find(const struct nonces *nonces, struct nonce_key key);

/* What is known of a message when it is said. */
struct nonce_message {
	uint64_t owner; /* who answers for the memory that it takes */
	uint64_t digest; /* of what it says */
	uint64_t sender; /* who is to be told how it ends; a number that says nothing here */
};

/* Remembers one; its message is not known to be kept yet. */
struct nonce *nonces_add(
	struct nonces *nonces, struct nonce_key key, const struct nonce_message *message);

uint64_t nonce_digest(const struct nonce *nonce); /* as in the message that it came with */

/*
 * Who said it before its message is published, how often: each time is to be answered. The first in
 * the list is who said it first.
 */
struct nonce_sender {
	struct nonce_sender *next;
	uint64_t sender; /* as in struct nonce_message */
	uint64_t count; /* times */
};

/*
 * It is said once more, while it waits. Walks the senders, and notes no more than so many of them:
 * a user who says the same thing on more connections at once gets fewer answers.
 */
#define NONCE_SENDERS_MOST 64
void nonce_add_sender(struct nonce *nonce, uint64_t sender);

/* The list; NULL: its message is published. It lives until then, or until it is removed. */
const struct nonce_sender *nonce_senders(const struct nonce *nonce);

/*
 * Its message was published: where it lies. The block is referenced, or the message copied where
 * that is a small part of it. now: monotonic. The nonce, or older ones, may be forgotten at once.
 */
void nonces_publish(struct nonces *nonces, struct nonce *nonce, struct block *block, uint32_t at,
	int64_t now_ms);

/* The published message, or NULL while it is not. */
struct block *nonce_block(const struct nonce *nonce, uint32_t *at);

/* Its message came to nothing: it may be tried again. */
void nonces_remove(struct nonces *nonces, struct nonce *nonce);

/* Forgets those that were published longer than keep_ms ago. */
void nonces_expire(struct nonces *nonces, int64_t now_ms);

#endif
