#ifndef SERVE_NET_SEND_QUEUE_H
#define SERVE_NET_SEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "serve/frame/block.h"

/*
 * What a connection has still to send: runs of frames in blocks, in order. Zeroed it is empty. One
 * run, the usual case of a member that keeps up, is held without an allocation; runs that lie next
 * to each other in a block become one.
 *
 * `held` is the memory of all queues together, in bytes: a block counts once however many queues it
 * is in, and what the queues take themselves counts too. Queues that share blocks share it.
 */
struct send_run {
	struct block *block; /* one reference */
	uint32_t from, to; /* bytes; both on frame edges */
};

struct send_queue {
	struct send_run first; /* block NULL: empty */
	struct send_run *more; /* the runs behind it */
	uint32_t more_from, more_to, more_cap;
	uint32_t sent; /* bytes of the first run already sent */
	size_t bytes; /* to be sent in all */
};

void send_queue_free(struct send_queue *queue, size_t *held); /* leaves it empty */

/* Takes a reference of its own. from < to. */
void send_queue_append(
	struct send_queue *queue, size_t *held, struct block *block, uint32_t from, uint32_t to);

/* Appends a frame of this queue alone. No byte that is queued already moves. */
void send_queue_append_frame(struct send_queue *queue, size_t *held, enum chat_ws_opcode opcode,
	struct chat_span payload);

/*
 * The same with a control frame that makes the one before it needless: that one goes where it is
 * the last of the queue and was appended so. committed: as with send_queue_cut.
 */
void send_queue_append_newest(struct send_queue *queue, size_t *held, size_t committed,
	enum chat_ws_opcode opcode, struct chat_span payload);

static inline bool
send_queue_is_empty(const struct send_queue *queue)
{
	return queue->first.block == NULL;
}

/* One run is all there is. */
static inline bool
send_queue_is_one_run(const struct send_queue *queue)
{
	return queue->first.block != NULL && queue->more_from == queue->more_to;
}

/* How long it is: the bytes to be sent and the memory of the queue itself. */
static inline size_t
send_queue_size(const struct send_queue *queue)
{
	return queue->bytes + queue->more_cap * sizeof(*queue->more);
}

/* What is held for it: of each block the part that falls to it if all queues share equally. */
size_t send_queue_share(const struct send_queue *queue);

/* The next bytes as pieces for writev(2); returns how many, at most max. */
int send_queue_pieces(const struct send_queue *queue, struct iovec *pieces, int max);

/* That many bytes were sent. */
void send_queue_sent(struct send_queue *queue, size_t *held, size_t bytes);

/*
 * Drops all that can be dropped: everything behind the frame that is partly sent, or that is to be
 * because so many of the next bytes, all of the first run, are on their way already.
 */
void send_queue_cut(struct send_queue *queue, size_t *held, size_t committed);

/*
 * Moves small rests of large blocks into blocks of their own, where less is held then. Bytes that
 * are on their way may lie elsewhere afterwards.
 */
void send_queue_compact(struct send_queue *queue, size_t *held);

#endif
