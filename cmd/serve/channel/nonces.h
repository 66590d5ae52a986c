#ifndef SERVE_CHANNEL_NONCES_H
#define SERVE_CHANNEL_NONCES_H

#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/frame/block.h"
#include "serve/util/fair_share.h"

/*
 * The nonces of the last minutes. If a user posts a nonce again in a channel, no second message is
 * made, and the sender gets the first one again (echo.h).
 *
 * A nonce is here from when its message is posted. Each has an owner, who is charged for the memory
 * of the nonce and its message: a user or an address. If there are more than `most` nonces, or if
 * they take more than `most_bytes`, the owner that has most loses its oldest one before its time.
 * So no owner can push out the nonces of the others. Nonces of pending messages are not counted;
 * they are bounded with those messages (session/backpressure.h).
 */
struct nonce;
struct nonce_owner;

/* Zeroed memory with the limits set is a valid empty set. */
struct nonces {
	struct nonce *by_key; /* uthash */
	struct nonce *oldest; /* utlist, by age: those whose messages are published */
	struct nonce_owner *owners; /* uthash, by key: those that have nonces */
	struct shares shares; /* of the owners, in bytes of memory */
	size_t count; /* of those that are published */
	size_t most; /* limit of count */
	size_t most_bytes; /* limit of shares.amount */
	int64_t keep_ms; /* how long one is kept after it was published */
};

void nonces_free(struct nonces *nonces);

#define NONCE_ID_MAX 4096 /* bytes of a user id: an init is not longer */
#define NONCE_MAX 256 /* bytes of a nonce, decoded: 64 characters */

/* A hash of a channel, a user id and a decoded nonce, with a secret of this process. */
struct nonce_key {
	uint64_t hash[2];
};

struct nonce_key nonce_key(struct chat_span channel, struct chat_span id, struct chat_span nonce);

/* Returns the nonce of this key, or NULL. */
struct nonce *nonces_find(const struct nonces *nonces, struct nonce_key key);

/* A message when it is posted. */
struct nonce_message {
	uint64_t owner; /* a hash of the owner */
	uint64_t digest; /* channel_post_digest() */
	uint64_t sender; /* the serial of the member that posts it; 0: none */
};

/* Adds a nonce, whose message is pending. There is none of this key. */
struct nonce *nonces_add(
	struct nonces *nonces, struct nonce_key key, const struct nonce_message *message);

/* Returns the digest of the message that the nonce was added with. */
uint64_t nonce_digest(const struct nonce *nonce);

/*
 * A member that posted the nonce while its message was pending. Each time is answered, by an echo
 * or by an error. The first in the list posted the message first.
 */
struct nonce_sender {
	struct nonce_sender *next;
	uint64_t sender; /* as in struct nonce_message */
	uint64_t count; /* how many times it posted the nonce */
};

/*
 * Notes that a member has posted the nonce again, while its message is pending. No more than
 * NONCE_SENDERS_MOST members are noted: a user who posts one nonce on more connections gets fewer
 * answers.
 */
#define NONCE_SENDERS_MOST 64
void nonce_add_sender(struct nonce *nonce, uint64_t sender);

/* Returns the list of senders, or NULL if the message is published. Valid until then. */
const struct nonce_sender *nonce_senders(const struct nonce *nonce);

/*
 * Notes that the nonce's message was published: the frame at this offset of the block. Keeps a
 * reference to the block, or a copy of the frame (block_keep). now_ms: by clock_now_ms. May remove
 * nonces that are over the limits, also this one.
 */
void nonces_publish(struct nonces *nonces, struct nonce *nonce, struct block *block, uint32_t at,
	int64_t now_ms);

/* Returns the block of the published message, and its frame's offset; NULL if it is pending. */
struct block *nonce_block(const struct nonce *nonce, uint32_t *at);

/* Removes a nonce, for instance because its message was not stored: it may be posted again. */
void nonces_remove(struct nonces *nonces, struct nonce *nonce);

/* Removes the nonces that were published longer than keep_ms ago. */
void nonces_expire(struct nonces *nonces, int64_t now_ms);

#endif
