/*
 * The index, in memory, of a segment that grows. With it the cost of reading a channel's history
 * depends on what is read, and not on the size of the journal.
 */
#include "serve/journal/index.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/util/memory.h"
#include "text/buf.h"

void
index_free(struct journal_index *index)
{
	struct channel_positions *channel, *next;

	HASH_ITER(hh, index->channels, channel, next)
	{
		HASH_DEL(index->channels, channel);
		free(channel->at);
		free(channel);
	}
	epochs_free(&index->epochs);
}

static struct channel_positions *
index_channel(struct journal_index *index, struct chat_span name)
{
	struct channel_positions *channel;

	HASH_FIND(hh, index->channels, name.at, name.len, channel);
	if (channel)
		return channel;
	channel = chat_alloc_zeroed(1, sizeof(*channel));
	channel->len = (uint32_t)name.len;
	memcpy(channel->channel, name.at, name.len);
	HASH_ADD_KEYPTR(hh, index->channels, channel->channel, channel->len, channel);
	index->bytes += memory_cost(sizeof(*channel));
	DL_APPEND(index->recent, channel);
	return channel;
}

void
index_add(struct journal_index *index, const struct journal_line *line, struct position position)
{
	struct channel_positions *channel = index_channel(index, line->channel);

	if (channel->count == channel->cap) {
		index->bytes -= channel->cap * sizeof(*channel->at);
		channel->cap = channel->cap ? 2 * channel->cap : 8;
		index->bytes += channel->cap * sizeof(*channel->at);
		channel->at = chat_realloc(channel->at, channel->cap * sizeof(*channel->at));
	}
	if (!index->count)
		index->base = line->number - 1;
	position.number = (uint32_t)(line->number - index->base);
	channel->at[channel->count++] = position;
	DL_DELETE(index->recent, channel);
	DL_APPEND(index->recent, channel);
	index->count++;
	index->last = line->number;
	if (index->timestamp_ms < line->timestamp_ms)
		index->timestamp_ms = line->timestamp_ms;
	epochs_note(&index->epochs, line->epoch, line->number);
}

void
index_truncate(struct journal_index *index, uint64_t at, uint64_t last)
{
	struct channel_positions *channel;

	while (index->recent && (channel = index->recent->prev)->count &&
		channel->at[channel->count - 1].at >= at) {
		while (channel->count && channel->at[channel->count - 1].at >= at) {
			channel->count--;
			index->count--;
		}
		DL_DELETE(index->recent, channel);
		DL_PREPEND(index->recent, channel);
	}
	index->last = index->count ? last : index->base;
	epochs_truncate(&index->epochs, index->last);
}

const struct channel_positions *
index_find(const struct journal_index *index, struct chat_span name)
{
	struct channel_positions *channel;

	HASH_FIND(hh, index->channels, name.at, name.len, channel);
	return channel && channel->count ? channel : NULL;
}
