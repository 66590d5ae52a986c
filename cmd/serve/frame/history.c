/*
 * The newest messages of a channel, in a ring. channel/channel_history.c adds each published
 * message, and limits the number of messages.
 */
#include "serve/frame/history.h"

#include <stdlib.h>
#include <string.h>

#include "serve/util/memory.h"
#include "text/buf.h"

#define SMALL_BYTES 2048 /* a shorter frame is copied into a block that it shares with others */
#define OWN_LEAST 1024 /* cap of the first such block; each further one has twice as much */
#define OWN_MOST 8192 /* the largest cap of such a block */
#define RING_LEAST 8

/* ---- memory ---- */

static size_t
entry_size(const struct history_entry *entry)
{
	return block_frame_size(entry->block->bytes + entry->at);
}

static bool
entry_is_small(const struct history_entry *entry)
{
	return entry_size(entry) < SMALL_BYTES;
}

/*
 * Moves the messages to a ring of cap places. cap must not be less than count. If cap is 0, the
 * ring is freed.
 */
static void
history_resize(struct history *history, uint32_t cap)
{
	struct history_entry *ring = cap ? chat_alloc(cap * sizeof(*ring)) : NULL;

	for (uint32_t i = 0; i < history->count; i++)
		ring[i] = *history_at(history, i);
	free(history->ring);
	history->bytes -= history->cap ? memory_cost(history->cap * sizeof(*ring)) : 0;
	history->bytes += cap ? memory_cost(cap * sizeof(*ring)) : 0;
	history->ring = ring;
	history->cap = cap;
	history->first = 0;
}

/*
 * Releases history->own: nothing more is copied into that block. The block stays allocated until
 * its last message is dropped.
 */
static void
history_end_own(struct history *history)
{
	if (!history->own)
		return;
	if (!history->own_count)
		history->bytes -= block_cost(history->own);
	block_unref(history->own);
	history->own = NULL;
	history->own_count = 0;
}

static void
history_begin_own(struct history *history, size_t size)
{
	size_t cap = history->own ? 2 * (size_t)history->own->cap : OWN_LEAST;

	history_end_own(history);
	cap = cap < OWN_MOST ? cap : OWN_MOST;
	history->own = block_new(cap > size ? cap : size);
	history->bytes += block_cost(history->own);
}

static void
history_copy(struct history *history, struct history_entry *entry, size_t size)
{
	if (!history->own || history->own->cap - history->own->len < size)
		history_begin_own(history, size);
	memcpy(history->own->bytes + history->own->len, entry->block->bytes + entry->at, size);
	entry->block = block_ref(history->own);
	entry->at = history->own->len;
	history->own->len += (uint32_t)size;
	history->own_count++;
}

/*
 * Returns true if no other message of the history is in the block of the oldest message. The oldest
 * message must be small.
 */
static bool
oldest_is_last_of_block(const struct history *history)
{
	const struct block *block = history_at(history, 0)->block;
	uint32_t i = 1;

	while (i < history->count && !entry_is_small(history_at(history, i)))
		i++;
	return i == history->count || history_at(history, i)->block != block;
}

/* ---- messages ---- */

const struct history_entry *
history_at(const struct history *history, uint32_t i)
{
	return &history->ring[(history->first + i) % history->cap];
}

void
history_add(struct history *history, const struct history_entry *entry)
{
	struct history_entry kept = *entry;

	if (history->count == history->cap)
		history_resize(history, history->cap ? 2 * history->cap : RING_LEAST);
	if (entry_is_small(entry)) {
		history_copy(history, &kept, entry_size(entry));
	} else {
		kept.block = block_keep(entry->block, &kept.at);
		history->bytes += block_cost(kept.block);
	}
	history->ring[(history->first + history->count++) % history->cap] = kept;
}

void
history_drop_oldest(struct history *history)
{
	const struct history_entry *entry = history_at(history, 0);

	if (entry->block == history->own)
		history->own_count--;
	else if (!entry_is_small(entry) || oldest_is_last_of_block(history))
		history->bytes -= block_cost(entry->block);
	history->dropped = entry->number;
	block_unref(entry->block);
	history->first = (history->first + 1) % history->cap;
	history->count--;
	if (!history->count)
		history_end_own(history);
	if (!history->count || (history->cap > RING_LEAST && history->count < history->cap / 4))
		history_resize(history, history->count ? history->cap / 2 : 0);
}

void
history_free(struct history *history)
{
	while (history->count)
		history_drop_oldest(history);
}

uint32_t
history_after(const struct history *history, uint64_t number)
{
	uint32_t low = 0, high = history->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (history_at(history, middle)->number > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
