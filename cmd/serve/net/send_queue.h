#ifndef SERVE_NET_SEND_QUEUE_H
#define SERVE_NET_SEND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "serve/frame/block.h"

/*
 * A queue of bytes to be sent to a connection: runs of frames in blocks, in order. Zeroed it is
 * empty. A single run, the usual case of a peer that keeps up, needs no allocation. Runs that are
 * next to each other in a block become one.
 *
 * *held is the memory of all queues together, in bytes: the queues themselves, and each block once,
 * in however many queues it is. Queues that share blocks share one *held.
 */
struct send_run {
	struct block *block; /* one reference is owned */
	uint32_t from, to; /* bytes of the block; both are at the edge of a frame */
};

struct send_queue {
	struct send_run first; /* block NULL: the queue is empty */
	struct send_run *more; /* the runs behind it, from more_from to more_to */
	uint32_t more_from, more_to, more_cap;
	uint32_t sent; /* bytes of the first run that are sent */
	size_t bytes; /* to be sent, in all runs */
};

/* Releases all runs, and leaves the queue empty. */
void send_queue_free(struct send_queue *queue, size_t *held);

/* Appends a run, and takes a reference of its own to the block. from < to. */
void send_queue_append(
	struct send_queue *queue, size_t *held, struct block *block, uint32_t from, uint32_t to);

/* Appends a frame that only this queue has. Bytes that are queued already do not move. */
void send_queue_append_frame(struct send_queue *queue, size_t *held, enum chat_ws_opcode opcode,
	struct chat_span payload);

/*
 * Appends a control frame that makes the one before it of its kind needless (a pong). If that is
 * the last of the queue, was appended by this function, and no byte of it is sent or committed, the
 * new one takes its place. committed is as with send_queue_cut().
 */
void send_queue_append_newest(struct send_queue *queue, size_t *held, size_t committed,
	enum chat_ws_opcode opcode, struct chat_span payload);

static inline bool
send_queue_is_empty(const struct send_queue *queue)
{
	return !queue->first.block;
}

/* Returns true if the queue is one run. */
static inline bool
send_queue_is_one_run(const struct send_queue *queue)
{
	return queue->first.block && queue->more_from == queue->more_to;
}

/* Returns the length that is limited: the bytes to be sent, and the memory of the queue itself. */
static inline size_t
send_queue_size(const struct send_queue *queue)
{
	return queue->bytes + queue->more_cap * sizeof(*queue->more);
}

/* Returns the memory held for the queue: of each block an equal part for each queue it is in. */
size_t send_queue_share(const struct send_queue *queue);

/* Fills in the next bytes as pieces for writev(2). Returns how many pieces, at most max. */
int send_queue_pieces(const struct send_queue *queue, struct iovec *pieces, int max);

/* Takes so many bytes off the front, because they were sent. */
void send_queue_sent(struct send_queue *queue, size_t *held, size_t bytes);

/*
 * Drops everything behind the frame that is partly sent. The first `committed` bytes, all of the
 * first run, are in a record of TLS already, and count as sent here.
 */
void send_queue_cut(struct send_queue *queue, size_t *held, size_t committed);

/*
 * Copies small rests of large blocks into blocks of their own, where that reduces *held. Bytes may
 * lie elsewhere afterwards, committed ones included.
 */
void send_queue_compact(struct send_queue *queue, size_t *held);

#endif
