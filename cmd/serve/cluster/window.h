#ifndef SERVE_CLUSTER_WINDOW_H
#define SERVE_CLUSTER_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "serve/channel/nonces.h"

/*
 * The nonces of the newest messages of the log. A message with a nonce that the window has is a
 * duplicate. All servers of a cluster must decide this alike, so it depends on the log alone: on
 * the order of the messages, on their times and on nothing that servers choose or forget at
 * different moments.
 */
struct window_nonce;

/* Zeroed memory is a valid empty window. */
struct window {
	struct window_nonce *by_key; /* uthash, in the order of the log */
	size_t count;
};

#define WINDOW_MS (5 * 60 * INT64_C(1000)) /* a nonce is remembered for this time of the log */
#define WINDOW_NONCES 1000000 /* and while so many newer ones are */

/* The message that had a nonce first. */
struct window_message {
	uint64_t number;
	int64_t time_ms; /* of the log: its timestamp */
	uint64_t digest; /* the result of channel_post_digest() */
};

/*
 * Returns the message that had this nonce, or NULL. Forgets what is too old at the time now_ms of
 * the log. Valid until the next call.
 */
const struct window_message *window_find(
	struct window *window, struct nonce_key key, int64_t now_ms);

/* Adds the newest message. The window must not have its nonce. */
void window_add(struct window *window, struct nonce_key key, const struct window_message *message);

/* Returns the memory of the window in bytes. */
size_t window_memory(const struct window *window);

void window_free(struct window *window);

#endif
