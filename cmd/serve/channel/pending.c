/*
 * The end of a channel's stream that is not published. apply.c and presence.c append frames to it,
 * and publish.c sends its blocks to the members.
 */
#include "serve/channel/pending.h"

#include <stdlib.h>
#include <string.h>

#include "text/array.h"
#include "text/buf.h"

#define MESSAGES_CAP_KEPT 1024 /* when the list is empty, it is freed if its cap is higher */

uint64_t
pending_end(const struct pending *pending)
{
	return pending->sealed +
		(pending->open ? pending->blocks[pending->block_count - 1].block->len : 0);
}

void
pending_seal(struct pending *pending)
{
	struct pending_block *last;

	if (!pending->open)
		return;
	last = &pending->blocks[pending->block_count - 1];
	last->block = block_trim(last->block);
	for (uint32_t i = pending->message_count; i-- && !pending->messages[i].entry.block;)
		pending->messages[i].entry.block = last->block;
	pending->sealed += last->block->len;
	pending->open = false;
}

struct pending_block *
pending_open(struct pending *pending, uint64_t ticket)
{
	struct pending_block *last;

	if (pending->open &&
		pending->blocks[pending->block_count - 1].block->len < PENDING_BLOCK_FULL)
		return &pending->blocks[pending->block_count - 1];
	pending_seal(pending);
	ARRAY_GROW(pending->blocks, pending->block_count, pending->block_cap, 1);
	last = &pending->blocks[pending->block_count++];
	last->block = block_new(512);
	last->ticket = ticket;
	pending->open = true;
	return last;
}

void
pending_grow(struct pending *pending)
{
	pending->message_cap = pending->message_cap ? 2 * pending->message_cap : 4;
	pending->messages =
		chat_realloc(pending->messages, pending->message_cap * sizeof(*pending->messages));
}

void
pending_remove(struct pending *pending, uint32_t blocks, uint32_t messages)
{
	pending->block_count -= blocks;
	pending->message_count -= messages;
	memmove(pending->blocks, pending->blocks + blocks,
		pending->block_count * sizeof(*pending->blocks));
	if (messages)
		memmove(pending->messages, pending->messages + messages,
			pending->message_count * sizeof(*pending->messages));
	if (!pending->message_count && pending->message_cap > MESSAGES_CAP_KEPT) {
		free(pending->messages);
		pending->messages = NULL;
		pending->message_cap = 0;
	}
}

size_t
pending_bytes(const struct pending *pending)
{
	size_t bytes = pending->message_count * PENDING_MESSAGE_BYTES;

	for (uint32_t i = 0; i < pending->block_count; i++)
		bytes += pending->blocks[i].block->len;
	return bytes;
}

void
pending_free(struct pending *pending)
{
	for (uint32_t i = 0; i < pending->block_count; i++)
		block_unref(pending->blocks[i].block);
	free(pending->blocks);
	free(pending->messages);
}
