/*
 * What makes reading a channel's past cost as much as is read, however large the journal is.
 */
#include "serve/journal/index.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/util/memory.h"

/* ---- epochs ---- */

void
epochs_free(struct epochs *epochs)
{
	free(epochs->at);
	*epochs = (struct epochs){0};
}

void
epochs_note(struct epochs *epochs, uint64_t epoch, uint64_t number)
{
	if (epochs->count && epochs->at[epochs->count - 1].epoch == epoch) {
		epochs->at[epochs->count - 1].last = number;
		return;
	}
	if (epochs->count == epochs->cap) {
		epochs->cap = epochs->cap ? 2 * epochs->cap : 4;
		epochs->at = chat_realloc(epochs->at, epochs->cap * sizeof(*epochs->at));
	}
	epochs->at[epochs->count++] = (struct epoch){epoch, number};
}

uint64_t
epochs_find(const struct epochs *epochs, uint64_t epoch, uint64_t number, bool *known)
{
	uint32_t low = 0, high = epochs->count;

	*known = false;
	while (low < high) { /* the first that is newer */
		uint32_t middle = low + (high - low) / 2;

		if (epochs->at[middle].epoch > epoch)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return 0;
	if (epochs->at[low - 1].epoch != epoch || number > epochs->at[low - 1].last)
		return epochs->at[low - 1].last;
	*known = true;
	return number;
}

static void
epochs_cut(struct epochs *epochs, uint64_t last)
{
	while (epochs->count > 1 && epochs->at[epochs->count - 2].last >= last)
		epochs->count--;
	if (epochs->count && epochs->at[epochs->count - 1].last > last)
		epochs->at[epochs->count - 1].last = last;
}

/* ---- in memory ---- */

void
index_free(struct journal_index *index)
{
	struct channel_places *channel, *next;

	HASH_ITER(hh, index->channels, channel, next)
	{
		HASH_DEL(index->channels, channel);
		free(channel->at);
		free(channel);
	}
	epochs_free(&index->epochs);
}

static struct channel_places *
index_channel(struct journal_index *index, struct chat_span name)
{
	struct channel_places *channel;

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
index_add(struct journal_index *index, const struct journal_line *line, struct place place)
{
	struct channel_places *channel = index_channel(index, line->channel);

	if (channel->count == channel->cap) {
		index->bytes -= channel->cap * sizeof(*channel->at);
		channel->cap = channel->cap ? 2 * channel->cap : 8;
		index->bytes += channel->cap * sizeof(*channel->at);
		channel->at = chat_realloc(channel->at, channel->cap * sizeof(*channel->at));
	}
	if (!index->count)
		index->base = line->number - 1;
	place.number = (uint32_t)(line->number - index->base);
	channel->at[channel->count++] = place;
	DL_DELETE(index->recent, channel);
	DL_APPEND(index->recent, channel);
	index->count++;
	index->last = line->number;
	if (index->timestamp_ms < line->timestamp_ms)
		index->timestamp_ms = line->timestamp_ms;
	epochs_note(&index->epochs, line->epoch, line->number);
}

void
index_cut(struct journal_index *index, uint64_t at, uint64_t last)
{
	struct channel_places *channel;

	while (index->recent && (channel = index->recent->prev)->count &&
		channel->at[channel->count - 1].at >= at) {
		while (channel->count && channel->at[channel->count - 1].at >= at) {
			channel->count--;
			index->count--;
		}
		DL_DELETE(index->recent, channel);
		DL_PREPEND(index->recent, channel); /* what it still has is never cut */
	}
	index->last = index->count ? last : index->base;
	epochs_cut(&index->epochs, index->last);
}

const struct channel_places *
index_find(const struct journal_index *index, struct chat_span name)
{
	struct channel_places *channel;

	HASH_FIND(hh, index->channels, name.at, name.len, channel);
	return channel && channel->count ? channel : NULL;
}
