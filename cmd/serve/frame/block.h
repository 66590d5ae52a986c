#ifndef SERVE_FRAME_BLOCK_H
#define SERVE_FRAME_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/util/memory.h"
#include "wire/ws.h"

/*
 * A block: encoded WebSocket frames, one after the other, each a header and a payload. The frames
 * that a channel makes in a tick are in one block, or in several if they exceed 1 MiB
 * (channel/pending.h). The send queues of all members refer to the same bytes.
 *
 * A block has a count of references. A holder of the only reference may append. An append may move
 * the block, so the functions that append return it. A block with more references must not be
 * changed. The last block_unref frees it. All references belong to one thread at a time.
 */
struct block {
	uint32_t refs;
	uint32_t queued; /* the number of references that send queues hold (send_queue.h) */
	uint32_t len; /* bytes that are used */
	uint32_t cap; /* bytes that are allocated */
	char bytes[];
};

/*
 * The limit of cap, in bytes. It exceeds the largest message and the largest page that the options
 * allow, together.
 */
#define BLOCK_MAX ((size_t)INT32_MAX)

/* Returns an empty block with room for cap bytes. The caller owns the only reference. */
struct block *block_new(size_t cap);

/* Adds a reference, which the caller must release with block_unref. Returns the block. */

static inline struct block *
block_ref(struct block *block)
{
	block->refs++;
	return block;
}

/* Releases a reference. Does nothing for NULL. */
void block_unref(struct block *block);

/* Returns the memory of the block in bytes, with the allocator's overhead. */
static inline size_t
block_cost(const struct block *block)
{
	return memory_cost(sizeof(*block) + block->cap);
}

/*
 * Returns a block that contains the frame at offset *at, for a holder that keeps the frame for
 * long. The caller owns the returned reference. If the frame fills at least half of block->cap, the
 * result is the block itself. Otherwise the result is a new block with a copy of the frame, and *at
 * is set to 0. Thus a small frame does not keep the block of a whole tick in memory: block_cost()
 * of the result is at most about twice the size of the frame.
 */
struct block *block_keep(struct block *block, uint32_t *at);

/*
 * Makes room for len more bytes. The block must have one reference. Returns the block, which may
 * have moved.
 */
struct block *block_reserve(struct block *block, size_t len);

/*
 * Append a frame in two steps. block_frame_begin makes room for a header and a payload of at most
 * max_payload bytes, and returns the block, which may have moved. The caller then writes the
 * payload at block->bytes + block->len. block_frame_end, with the same max_payload and the length
 * of the payload, writes the header and returns the offset of the frame.
 */
struct block *block_frame_begin(struct block *block, size_t max_payload);
uint32_t block_frame_end(
	struct block *block, enum chat_ws_opcode opcode, size_t max_payload, size_t payload_len);

/* Appends a whole frame. Returns the block, which may have moved. */
struct block *block_append_frame(
	struct block *block, enum chat_ws_opcode opcode, struct chat_span payload);

/* Returns a new block that contains this one frame. The caller owns the only reference. */
struct block *block_of_frame(enum chat_ws_opcode opcode, struct chat_span payload);

/*
 * Frees unused memory at the end of the block if there are 64 bytes or more. The block must have
 * one reference. Returns the block, which may have moved.
 */
struct block *block_trim(struct block *block);

/* Returns the length of the unmasked frame at `bytes`, including its header. */
size_t block_frame_size(const char *bytes);

/* Returns the payload of the unmasked frame at `bytes`. The span points into the frame. */
struct chat_span block_frame_payload(const char *bytes);

#endif
