#ifndef SERVE_CHANNEL_NONCES_H
#define SERVE_CHANNEL_NONCES_H

#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/frame/block.h"
#include "serve/util/fair_share.h"

/*
 * The nonces of the last minutes. If a user posts a nonce again in a channel, no second message is
 * made, and the sender is sent the first message again (echo.h).
 *
 * A nonce is added when its message is posted. The memory of the nonce and its message counts for
 * an owner: a user or an address. If there are more than `most` published nonces, or if they take
 * more than `most_bytes`, one of the owners with the most memory loses its oldest nonce before its
 * time. So no owner can push out the nonces of the others. Nonces of pending messages are not
 * counted here; they are limited together with the messages (session/backpressure.h).
 */
struct nonce;
struct nonce_owner;

/* Zeroed memory with the limits and keep_ms set is a valid empty set. */
struct nonces {
	struct nonce *by_key; /* uthash: all nonces */
	struct nonce *oldest; /* utlist, by age: nonces of published messages */
	struct nonce_owner *owners; /* uthash, by key: the owners that have nonces */
	struct shares shares; /* the memory of each owner's published nonces, in bytes */
	size_t count; /* the number of nonces of published messages */
	size_t most; /* limit of count */
	size_t most_bytes; /* limit of shares.amount */
	int64_t keep_ms; /* how long a nonce is kept after its message was published */
};

void nonces_free(struct nonces *nonces);

#define NONCE_ID_MAX 4096 /* the most bytes of a user id; an init is not longer */
#define NONCE_MAX 256 /* the most bytes of a decoded nonce: 64 characters */

/* A hash of a channel, a user id and a decoded nonce, with a secret of this process. */
struct nonce_key {
	uint64_t hash[2];
};

struct nonce_key nonce_key(struct chat_span channel, struct chat_span id, struct chat_span nonce);

/* Returns the nonce with this key, or NULL. */
struct nonce *nonces_find(const struct nonces *nonces, struct nonce_key key);

/* A message with a nonce. */
struct nonce_message {
	uint64_t owner; /* a hash of the owner */
	uint64_t digest; /* the result of channel_post_digest() */
	uint64_t sender; /* the serial of the member that posted it; 0: none */
};

/* Adds a nonce with a pending message, and returns it. There must be no nonce with this key. */
struct nonce *nonces_add(
	struct nonces *nonces, struct nonce_key key, const struct nonce_message *message);

/* Returns the digest of the message that the nonce was added with. */
uint64_t nonce_digest(const struct nonce *nonce);

/*
 * A member that posted the nonce while the message was pending. It is answered as often as it
 * posted the nonce, by the message, echoes or errors. The first sender in the list posted the
 * message first.
 */
struct nonce_sender {
	struct nonce_sender *next;
	uint64_t sender; /* as in struct nonce_message */
	uint64_t count; /* how many times it posted the nonce */
};

/*
 * Records that a member posted the nonce again while the message is pending. At most
 * NONCE_SENDERS_MOST members are recorded. A user who posts one nonce on more connections gets no
 * answer on the others.
 */
#define NONCE_SENDERS_MOST 64
void nonce_add_sender(struct nonce *nonce, uint64_t sender);

/*
 * Returns the list of senders, or NULL if the message is published. Valid until nonces_publish or
 * nonces_remove.
 */
const struct nonce_sender *nonce_senders(const struct nonce *nonce);

/*
 * Records that the message of the nonce was published: the frame at this offset of the block. Keeps
 * a reference to the block, or a copy of the frame (block_keep). now_ms: by clock_now_ms. Removes
 * nonces while the limits are exceeded; this one may be among them.
 */
void nonces_publish(struct nonces *nonces, struct nonce *nonce, struct block *block, uint32_t at,
	int64_t now_ms);

/*
 * Returns the block of the published message, or NULL if the message is pending. *at gets the
 * offset of the frame. The nonce keeps its reference.
 */
struct block *nonce_block(const struct nonce *nonce, uint32_t *at);

/* Removes and frees a nonce. It may be posted again. */
void nonces_remove(struct nonces *nonces, struct nonce *nonce);

/* Removes nonces while there are more than `most`, or they take more than most_bytes. */
void nonces_fit(struct nonces *nonces);

/* Removes the nonces that were published more than keep_ms ago. now_ms: by clock_now_ms. */
void nonces_expire(struct nonces *nonces, int64_t now_ms);

#endif
