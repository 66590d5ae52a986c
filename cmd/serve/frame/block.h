#ifndef SERVE_FRAME_BLOCK_H
#define SERVE_FRAME_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "chat/ws.h"
#include "serve/util/memory.h"

/*
 * Encoded frames, lying one behind the other: header, payload, header, payload. What one tick makes
 * for a channel is one block, so that one piece of one writev(2) carries all of it to a member.
 *
 * A block is written by whoever made it, alone, while its only reference is theirs (it may move
 * then: the functions that append return it). Once shared it is never changed, and the last
 * block_unref frees it. One thread.
 */
struct block {
	uint32_t refs;
	uint32_t queued; /* those of them that lie in queues (send_queue.h) */
	uint32_t len; /* bytes */
	uint32_t cap;
	char bytes[];
};

/* Bytes. Above what the options allow of a message and a page of the past (config.c). */
#define BLOCK_MAX ((size_t)INT32_MAX)

/* With one reference, and room for cap bytes. */
struct block *block_new(size_t cap);

static inline struct block *
block_ref(struct block *block)
{
	block->refs++;
	return block;
}

void block_unref(struct block *block); /* NULL does nothing */

/* Bytes of memory that it takes, the allocator's own included. */
static inline size_t
block_cost(const struct block *block)
{
	return memory_cost(sizeof(*block) + block->cap);
}

/*
 * A reference of the caller's to the frame at *at, to be kept for long: to this block where the
 * frame is at least half of it, else to a new one of that frame alone, with *at set to where it
 * lies there. Whoever keeps it is charged block_cost() of what is returned, which is little more
 * than the frame: a small frame never keeps the block of a whole tick.
 */
struct block *block_keep(struct block *block, uint32_t *at);

/* Makes room for len more bytes. */
struct block *block_reserve(struct block *block, size_t len);

/*
 * Appends a frame in two steps: begin leaves space for the longest server header that a payload of
 * at most max_payload bytes can need and ensures room for both; the caller writes the payload at
 * block->bytes + block->len and says how long it became. end puts the header in front and returns
 * where the frame begins.
 */
struct block *block_frame_begin(struct block *block, size_t max_payload);
uint32_t block_frame_end(
	struct block *block, enum chat_ws_opcode opcode, size_t max_payload, size_t payload_len);

/* A whole frame appended. */
struct block *block_append_frame(
	struct block *block, enum chat_ws_opcode opcode, struct chat_span payload);

/* A new block of this one frame. */
struct block *block_of_frame(enum chat_ws_opcode opcode, struct chat_span payload);

/* Gives back memory that was reserved and not used; before the block is shared. */
struct block *block_trim(struct block *block);

/* The bytes of the unmasked frame at `bytes`, its header included. */
size_t block_frame_size(const char *bytes);

/* The payload of the frame at `bytes`. */
struct chat_span block_frame_payload(const char *bytes);

#endif
