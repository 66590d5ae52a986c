#ifndef SERVE_FRAME_BLOCK_H
#define SERVE_FRAME_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "chat/ws.h"
#include "serve/util/memory.h"

/*
 * A block: encoded WebSocket frames, one after the other, each a header and a payload. All frames
 * that a channel makes in a tick go into one block (up to 1 MiB), and all members' queues refer to
 * the same bytes.
 *
 * A block has a count of references. While there is one reference, its holder may append. That may
 * move the block: the functions that append return it. A block with more references is never
 * changed. The last block_unref frees it. All references belong to one thread at a time.
 */
struct block {
	uint32_t refs;
	uint32_t
		queued; /* how many of the references are in queues of connections (send_queue.h) */
	uint32_t len; /* bytes that are used */
	uint32_t cap; /* bytes that are allocated */
	char bytes[];
};

/* Bytes. More than a message and a page of the past together, as large as options allow them. */
#define BLOCK_MAX ((size_t)INT32_MAX)

/* Returns an empty block with room for cap bytes. The caller has its one reference. */
struct block *block_new(size_t cap);

/* Adds a reference, which is the caller's. Returns the block. */

static inline struct block *
block_ref(struct block *block)
{
	block->refs++;
	return block;
}

/* Gives a reference back. Does nothing for NULL. */
void block_unref(struct block *block);

/* Returns the bytes of memory that the block takes, with those of the allocator. */
static inline size_t
block_cost(const struct block *block)
{
	return memory_cost(sizeof(*block) + block->cap);
}

/*
 * Returns a block with the frame at offset *at, to be kept for long. The reference is the caller's.
 * If the frame is at least half of this block, that is this block. Otherwise it is a new block with
 * a copy of the frame, and *at is set to 0. So a small frame does not keep the block of a whole
 * tick, and block_cost() of what is returned is about twice the frame at the most.
 */
struct block *block_keep(struct block *block, uint32_t *at);

/* Makes room for len more bytes. Returns the block, which may have moved. */
struct block *block_reserve(struct block *block, size_t len);

/*
 * Append a frame in two steps. block_frame_begin makes room for a payload of at most max_payload
 * bytes and its header, and returns the block. The caller writes the payload at block->bytes +
 * block->len. block_frame_end gets its length, writes the header, and returns the offset of the
 * frame.
 */
struct block *block_frame_begin(struct block *block, size_t max_payload);
uint32_t block_frame_end(
	struct block *block, enum chat_ws_opcode opcode, size_t max_payload, size_t payload_len);

/* Appends a whole frame. Returns the block. */
struct block *block_append_frame(
	struct block *block, enum chat_ws_opcode opcode, struct chat_span payload);

/* Returns a new block of this one frame. The caller has its one reference. */
struct block *block_of_frame(enum chat_ws_opcode opcode, struct chat_span payload);

/* Frees the room that is not used. Returns the block, to which there is one reference. */
struct block *block_trim(struct block *block);

/* Returns the length of the unmasked frame at `bytes`, with its header. */
size_t block_frame_size(const char *bytes);

/* Returns the payload of the frame at `bytes`, which lies there. */
struct chat_span block_frame_payload(const char *bytes);

#endif
