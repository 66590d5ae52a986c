#ifndef SERVE_SESSION_AUTH_QUEUE_H
#define SERVE_SESSION_AUTH_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"
#include "serve/util/fair_queue.h"
#include "text/buf.h"

/*
 * Sessions that wait to have their token checked. An address from which too many wrong tokens came
 * is barred: its sessions wait here, and each sweep checks one session of each barred address.
 * So guessing is slow, and a peer with the right token can still join while others guess.
 * While a session waits, its connection is not read. Messages that had already been read with its
 * init wait with it.
 */
struct session;

struct auth_queue {
	struct fair_queue waiting; /* one lane for each address */
	size_t bytes; /* of memory that the waiting sessions and their messages take */
};

/* One waiting session. */
struct auth_wait {
	struct fair_entry entry; /* first */
	struct fair_lane *lane; /* of its address */
	struct session *session;
	struct chat_buf messages; /* for each its length (uint32_t) and its bytes */
};

/* Frees the queue, which must be empty. */
void auth_queue_free(struct auth_queue *queue);

/* Appends a session to the lane of its address. Returns its place, which the queue owns
 * until auth_queue_remove. */
struct auth_wait *auth_queue_push(
	struct auth_queue *queue, struct fair_lane *lane, struct session *session);

/* Keeps a copy of a message. Returns false, and keeps nothing, if the kept messages of the session
 * would be too large. The first message is always kept. */
bool auth_queue_keep(struct auth_queue *queue, struct auth_wait *wait, struct chat_span message);

/*
 * Returns the session whose turn it is, or NULL when none waits. The caller must still
 * call auth_queue_remove. *messages gets the kept messages; the caller frees them.
 */
struct session *auth_queue_pop(struct auth_queue *queue, struct chat_buf *messages);

/* Cuts the first message off *messages (of auth_queue_pop). Returns false if none is left. */
bool auth_queue_next_message(struct chat_span *messages, struct chat_span *message);

/* Removes a session and frees its place. */
void auth_queue_remove(struct auth_queue *queue, struct auth_wait *wait);

#endif
