/*
 * Blocks of encoded frames, with a count of references. Each message is encoded once, and the send
 * queues of all members of a channel refer to its block.
 */
#include "serve/frame/block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "text/buf.h"

#define SMALL_MAX 1000 /* bytes of a block that is copied, not shrunk */

struct block *
block_new(size_t cap)
{
	struct block *block = chat_alloc(sizeof(*block) + cap);

	block->refs = 1;
	block->queued = 0;
	block->len = 0;
	block->cap = (uint32_t)cap;
	return block;
}

void
block_unref(struct block *block)
{
	if (block && --block->refs == 0)
		free(block);
}

struct block *
block_reserve(struct block *block, size_t len)
{
	size_t need = block->len + len;

	assert(block->refs == 1 && need <= BLOCK_MAX);
	if (need <= block->cap)
		return block;
	if (need < 2 * (size_t)block->cap)
		need = 2 * (size_t)block->cap < BLOCK_MAX ? 2 * (size_t)block->cap : BLOCK_MAX;
	block = chat_realloc(block, sizeof(*block) + need);
	block->cap = (uint32_t)need;
	return block;
}

/* Returns the length of the header of a frame with this payload length: 2, 4 or 10 bytes. */
static size_t
header_space(size_t payload)
{
	return payload < 126 ? 2 : payload <= UINT16_MAX ? 4 : 10;
}

struct block *
block_frame_begin(struct block *block, size_t max_payload)
{
	size_t header = header_space(max_payload);

	block = block_reserve(block, header + max_payload);
	block->len += (uint32_t)header;
	return block;
}

uint32_t
block_frame_end(
	struct block *block, enum chat_ws_opcode opcode, size_t max_payload, size_t payload_len)
{
	char header[CHAT_WS_HEADER_MAX];
	size_t space = header_space(max_payload), len = chat_ws_header(header, opcode, payload_len);
	uint32_t at = block->len - (uint32_t)space;

	assert(len <= space && payload_len <= max_payload);
	if (len < space)
		memmove(block->bytes + at + len, block->bytes + block->len, payload_len);
	memcpy(block->bytes + at, header, len);
	block->len = at + (uint32_t)(len + payload_len);
	return at;
}

struct block *
block_append_frame(struct block *block, enum chat_ws_opcode opcode, struct chat_span payload)
{
	block = block_frame_begin(block, payload.len);
	if (payload.len)
		memcpy(block->bytes + block->len, payload.at, payload.len);
	block_frame_end(block, opcode, payload.len, payload.len);
	return block;
}

struct block *
block_of_frame(enum chat_ws_opcode opcode, struct chat_span payload)
{
	return block_append_frame(block_new(payload.len + 10), opcode, payload);
}

/*
 * Returns a copy without unused memory, and frees the block. Where both are small, this is several
 * times cheaper than realloc(3): the allocator keeps pieces of their sizes ready.
 */
static struct block *
copy_trimmed(struct block *block)
{
	struct block *copy = block_new(block->len);

	memcpy(copy->bytes, block->bytes, block->len);
	copy->len = block->len;
	block_unref(block);
	return copy;
}

struct block *
block_trim(struct block *block)
{
	if (block->cap - block->len < 64)
		return block;
	if (block->cap <= SMALL_MAX)
		return copy_trimmed(block);
	block = chat_realloc(block, sizeof(*block) + block->len);
	block->cap = block->len;
	return block;
}

/* Returns the length of the header of the frame at `bytes`. */
static size_t
header_size(const char *bytes)
{
	unsigned len = (unsigned char)bytes[1] & 0x7f;

	return len < 126 ? 2 : len == 126 ? 4 : 10;
}

struct chat_span
block_frame_payload(const char *bytes)
{
	const unsigned char *at = (const unsigned char *)bytes;
	size_t header = header_size(bytes), len = at[1] & 0x7f;

	if (header > 2) {
		len = 0;
		for (size_t i = 2; i < header; i++)
			len = len << 8 | at[i];
	}
	return (struct chat_span){bytes + header, len};
}

size_t
block_frame_size(const char *bytes)
{
	return header_size(bytes) + block_frame_payload(bytes).len;
}

struct block *
block_keep(struct block *block, uint32_t *at)
{
	size_t size = block_frame_size(block->bytes + *at);
	struct block *own;

	if (size >= block->cap / 2)
		return block_ref(block);
	own = block_new(size);
	memcpy(own->bytes, block->bytes + *at, size);
	own->len = (uint32_t)size;
	*at = 0;
	return own;
}
