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
struct run {
	struct block *block; /* one reference */
	uint32_t from, to; /* bytes; both on frame edges */
};

struct out {
	struct run first; /* block NULL: empty */
	struct run *more; /* the runs behind it */
	uint32_t more_from, more_to, more_cap;
	uint32_t sent; /* bytes of the first run already sent */
	size_t bytes; /* to be sent in all */
};

void out_free(struct out *out, size_t *held); /* leaves it empty */

/* Takes a reference of its own. from < to. */
void out_append(struct out *out, size_t *held, struct block *block, uint32_t from, uint32_t to);

/* Appends a frame of this queue alone. No byte that is queued already moves. */
void out_append_frame(
	struct out *out, size_t *held, enum chat_ws_opcode opcode, struct chat_span payload);

/*
 * The same with a control frame that makes the one before it needless: that one goes where it is
 * the last of the queue and was appended so. bound: as with out_cut.
 */
void out_append_newest(struct out *out, size_t *held, size_t bound, enum chat_ws_opcode opcode,
	struct chat_span payload);

static inline bool
out_is_empty(const struct out *out)
{
	return out->first.block == NULL;
}

/* One run is all there is. */
static inline bool
out_is_one_run(const struct out *out)
{
	return out->first.block != NULL && out->more_from == out->more_to;
}

/* How long it is: the bytes to be sent and the memory of the queue itself. */
static inline size_t
out_size(const struct out *out)
{
	return out->bytes + out->more_cap * sizeof(*out->more);
}

/* What is held for it: of each block the part that falls to it if all queues share equally. */
size_t out_share(const struct out *out);

/* The next bytes as pieces for writev(2); returns how many, at most max. */
int out_pieces(const struct out *out, struct iovec *pieces, int max);

/* That many bytes were sent. */
void out_sent(struct out *out, size_t *held, size_t bytes);

/*
 * Drops all that can be dropped: everything behind the frame that is partly sent, or that is to be
 * because so many of the next bytes, all of the first run, are on their way already.
 */
void out_cut(struct out *out, size_t *held, size_t bound);

/*
 * Moves small rests of large blocks into blocks of their own, where less is held then. Bytes that
 * are on their way may lie elsewhere afterwards.
 */
void out_compact(struct out *out, size_t *held);

#endif
