/* Formats an index file in memory. */
#include "serve/journal/index_format.h"

#include <stdlib.h>
#include <string.h>

#include "serve/util/crc32c.h"
#include "text/buf.h"

static uint64_t
blocks_of(uint64_t positions)
{
	return (positions + INDEX_BLOCK - 1) / INDEX_BLOCK;
}

uint64_t
index_front_size(uint64_t epochs, uint64_t channels, uint64_t positions)
{
	return sizeof(struct index_head) + epochs * sizeof(struct epoch) +
		channels * sizeof(struct index_channel) + blocks_of(positions) * sizeof(uint32_t);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(struct channel_positions *const *)a)->channel,
		(*(struct channel_positions *const *)b)->channel);
}

/*
 * Appends the entries of the channels to buf and their positions to `positions`, sorted by name.
 * Returns the number of channels.
 */
static uint32_t
index_list(const struct journal_index *index, struct chat_buf *buf, struct chat_buf *positions)
{
	uint32_t count = 0, first = 0;
	struct channel_positions **all =
		chat_alloc((HASH_COUNT(index->channels) + 1) * sizeof(*all));
	struct channel_positions *channel;

	for (channel = index->channels; channel; channel = channel->hh.next)
		if (channel->count)
			all[count++] = channel;
	qsort(all, count, sizeof(*all), by_name);
	for (uint32_t i = 0; i < count; i++) {
		struct index_channel entry = {.first = first, .count = all[i]->count};

		memcpy(entry.name, all[i]->channel, all[i]->len);
		chat_buf_append(buf, &entry, sizeof(entry));
		chat_buf_append(positions, all[i]->at, all[i]->count * sizeof(*all[i]->at));
		first += all[i]->count;
	}
	free(all);
	return count;
}

/* Appends the checksum of each block of positions. */
static void
blocks_sum(struct chat_buf *buf, const struct chat_buf *positions)
{
	size_t block = INDEX_BLOCK * sizeof(struct position);

	for (size_t at = 0; at < positions->len; at += block) {
		size_t len = positions->len - at < block ? positions->len - at : block;
		uint32_t crc = crc32c(0, positions->at + at, len);

		chat_buf_append(buf, &crc, sizeof(crc));
	}
}

void
index_format(const struct journal_index *index, uint64_t lines_bytes, struct chat_buf *buf)
{
	struct index_head head = {
		.base = index->base,
		.last = index->last,
		.timestamp_ms = index->timestamp_ms,
		.lines_bytes = lines_bytes,
		.epochs = index->epochs.count,
		.positions = index->count,
	};
	struct chat_buf positions = {0};

	memcpy(head.magic, INDEX_MAGIC, sizeof(head.magic));
	chat_buf_append(buf, &head, sizeof(head));
	if (index->epochs.count)
		chat_buf_append(
			buf, index->epochs.at, index->epochs.count * sizeof(*index->epochs.at));
	head.channels = index_list(index, buf, &positions);
	blocks_sum(buf, &positions);
	memcpy(buf->at, &head, sizeof(head));
	head.crc = crc32c(0, buf->at, buf->len);
	memcpy(buf->at, &head, sizeof(head));
	if (positions.len)
		chat_buf_append_span(buf, chat_buf_span(&positions));
	chat_buf_free(&positions);
}

uint64_t
index_format_size(const struct journal_index *index)
{
	return index_front_size(index->epochs.count, HASH_COUNT(index->channels), index->count) +
		index->count * (uint64_t)sizeof(struct position);
}
