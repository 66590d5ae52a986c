#ifndef SERVE_NET_SEND_QUEUE_H
#define SERVE_NET_SEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "serve/frame/block.h"

/*
 * A queue of bytes to be sent to a connection: runs of frames in blocks, in order. A zeroed queue
 * is empty. A queue of one run, which is usual if the peer reads fast, needs no allocation. A run
 * that follows the last one in the same block extends it.
 *
 * *held is the memory of all queues together, in bytes: their arrays of runs, and each block once,
 * even if many queues refer to it. Queues that share blocks must share one *held.
 */
struct send_run {
	struct block *block; /* the run owns one reference */
	uint32_t from, to; /* the bytes [from, to) of the block: whole frames, or an HTTP answer */
};

struct send_queue {
	struct send_run first; /* block NULL: the queue is empty */
	struct send_run *more; /* owned; the runs after the first: [more_from, more_to) */
	uint32_t more_from, more_to, more_cap; /* indexes in more, and its capacity */
	uint32_t sent; /* the bytes of the first run that are sent */
	size_t bytes; /* the unsent bytes of all runs */
};

/* Releases all runs. The queue is empty then. */
void send_queue_free(struct send_queue *queue, size_t *held);

/* Appends the bytes [from, to) of a block, and adds a reference to it. from must be below to. */
void send_queue_append(
	struct send_queue *queue, size_t *held, struct block *block, uint32_t from, uint32_t to);

/* Appends a frame for this queue only, with a copy of the payload. Queued bytes do not move. */
void send_queue_append_frame(struct send_queue *queue, size_t *held, enum chat_ws_opcode opcode,
	struct chat_span payload);

/*
 * Appends a control frame that makes an earlier frame with this opcode needless (a pong). If this
 * function appended the last frame of the queue, with the same opcode, and no byte of that frame is
 * sent, the new frame replaces it.
 */
void send_queue_append_newest(struct send_queue *queue, size_t *held, enum chat_ws_opcode opcode,
	struct chat_span payload);

static inline bool
send_queue_is_empty(const struct send_queue *queue)
{
	return !queue->first.block;
}

/* Returns true if the queue has exactly one run. */
static inline bool
send_queue_is_one_run(const struct send_queue *queue)
{
	return queue->first.block && queue->more_from == queue->more_to;
}

/* Returns the length that limits->queue_bytes limits: unsent bytes and the array of runs. */
static inline size_t
send_queue_size(const struct send_queue *queue)
{
	return queue->bytes + queue->more_cap * sizeof(*queue->more);
}

/* Returns the queue's part of *held. All runs of a block have an equal part of its memory. */
size_t send_queue_share(const struct send_queue *queue);

/* Fills in pieces for writev(2) with the next unsent bytes. Returns their number, at most max. */
int send_queue_pieces(const struct send_queue *queue, struct iovec *pieces, int max);

/* Removes bytes from the front after they were sent. bytes must be at most queue->bytes. */
void send_queue_sent(struct send_queue *queue, size_t *held, size_t bytes);

/* Removes all frames but one that is partly sent. The queue must not hold an HTTP answer. */
void send_queue_cut(struct send_queue *queue, size_t *held);

/*
 * Copies short runs of large blocks into new small blocks if that reduces *held. Queued bytes may
 * move.
 */
void send_queue_compact(struct send_queue *queue, size_t *held);

#endif
