/* What a newcomer is told of a channel's past. */
#include "serve/history.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "serve/memory.h"

#define SMALL_BYTES 2048 /* a frame below that is copied into a block of many */
#define OWN_LEAST 1024 /* bytes of such a block: each is twice the one before, */
#define OWN_MOST 8192 /* up to that */
#define RING_LEAST 8

/* ---- memory ---- */

static size_t
entry_size(const struct entry *entry)
{
	return block_frame_size(entry->block->bytes + entry->at);
}

static bool
entry_is_small(const struct entry *entry)
{
	return entry_size(entry) < SMALL_BYTES;
}

/* cap is no less than count; 0 frees it. */
static void
history_resize(struct history *history, uint32_t cap)
{
	struct entry *ring = cap ? chat_alloc(cap * sizeof(*ring)) : NULL;

	for (uint32_t i = 0; i < history->count; i++)
		ring[i] = *history_at(history, i);
	free(history->ring);
	history->bytes -= history->cap ? memory_cost(history->cap * sizeof(*ring)) : 0;
	history->bytes += cap ? memory_cost(cap * sizeof(*ring)) : 0;
	history->ring = ring;
	history->cap = cap;
	history->first = 0;
}

/* The block that grew grows no more; it stays for those of its messages that are remembered. */
static void
history_close_own(struct history *history)
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
history_open_own(struct history *history, size_t size)
{
	size_t cap = history->own ? 2 * (size_t)history->own->cap : OWN_LEAST;

	history_close_own(history);
	cap = cap < OWN_MOST ? cap : OWN_MOST;
	history->own = block_new(cap > size ? cap : size);
	history->bytes += block_cost(history->own);
}

static void
history_copy(struct history *history, struct entry *entry, size_t size)
{
	if (!history->own || history->own->cap - history->own->len < size)
		history_open_own(history, size);
	memcpy(history->own->bytes + history->own->len, entry->block->bytes + entry->at, size);
	entry->block = block_ref(history->own);
	entry->at = history->own->len;
	history->own->len += (uint32_t)size;
	history->own_count++;
}

/* The oldest is small. Whether no other message is remembered that lies in its block. */
static bool
oldest_is_last_of_block(const struct history *history)
{
	const struct block *block = history_at(history, 0)->block;
	uint32_t i = 1;

	while (i < history->count && !entry_is_small(history_at(history, i)))
		i++;
	return i == history->count || history_at(history, i)->block != block;
}

/* ---- remembering ---- */

const struct entry *
history_at(const struct history *history, uint32_t i)
{
	return &history->ring[(history->first + i) % history->cap];
}

void
history_add(struct history *history, const struct entry *entry)
{
	struct entry kept = *entry;

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
history_forget(struct history *history)
{
	const struct entry *entry = history_at(history, 0);

	if (entry->block == history->own)
		history->own_count--;
	else if (!entry_is_small(entry) || oldest_is_last_of_block(history))
		history->bytes -= block_cost(entry->block);
	history->forgotten = entry->number;
	block_unref(entry->block);
	history->first = (history->first + 1) % history->cap;
	history->count--;
	if (!history->count)
		history_close_own(history);
	if (!history->count || (history->cap > RING_LEAST && history->count < history->cap / 4))
		history_resize(history, history->count ? history->cap / 2 : 0);
}

void
history_free(struct history *history)
{
	while (history->count)
		history_forget(history);
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

/* ---- replay ---- */

static const char omitted[] = "\"omitted\":true";
#define OMITTED_LEN (sizeof(omitted) - 1)

static size_t
payload_size(const struct entry *entry, bool omit)
{
	size_t len = block_frame_payload(entry->block->bytes + entry->at).len;

	return omit ? len - entry->data_len + OMITTED_LEN : len;
}

struct data {
	uint32_t len, of; /* of: which message's, among the chosen */
};

/* The largest first; of equal ones the oldest. */
static int
compare_data(const void *a, const void *b)
{
	const struct data *one = a, *other = b;

	if (one->len != other->len)
		return one->len < other->len ? 1 : -1;
	return one->of < other->of ? -1 : 1;
}

/* File data of the chosen is left out, the largest first, until the total fits. */
static void
omit_data(const struct history *history, uint32_t first, uint32_t count, size_t max_bytes,
	bool *omit, size_t *total)
{
	struct data *data = chat_alloc((count + 1) * sizeof(*data));
	uint32_t files = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = history_at(history, first + i)->data_len;

		if (len > OMITTED_LEN)
			data[files++] = (struct data){len, i};
	}
	qsort(data, files, sizeof(*data), compare_data);
	for (uint32_t i = 0; i<files && * total> max_bytes; i++) {
		*total -= data[i].len - OMITTED_LEN;
		omit[data[i].of] = true;
	}
	free(data);
}

/* Decides what is left out; returns how many of the oldest. *total gets the bytes that remain. */
static uint32_t
replay_fit(const struct history *history, uint32_t first, uint32_t count, size_t max_bytes,
	bool *omit, size_t *total)
{
	uint32_t dropped = 0;

	*total = 0;
	for (uint32_t i = 0; i < count; i++)
		*total += payload_size(history_at(history, first + i), false) + 1;
	if (*total > max_bytes)
		omit_data(history, first, count, max_bytes, omit, total);
	while (*total > max_bytes && dropped < count) {
		*total -= payload_size(history_at(history, first + dropped), omit[dropped]) + 1;
		dropped++;
	}
	return dropped;
}

static char *
put(char *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static char *
put_entry(char *at, const struct entry *entry, bool omit)
{
	struct chat_span payload = block_frame_payload(entry->block->bytes + entry->at);
	size_t tail = entry->data_at + entry->data_len;

	if (!omit)
		return put(at, payload.at, payload.len);
	at = put(at, payload.at, entry->data_at);
	at = put(at, omitted, OMITTED_LEN);
	return put(at, payload.at + tail, payload.len - tail);
}

struct block *
history_replay(const struct history *history, const struct history_replay *replay)
{
	static const char head[] = "{\"type\":\"history\",\"messages\":[";
	uint32_t have = history->count - replay->first;
	uint32_t count = have < replay->count ? have : replay->count;
	uint32_t first = history->count - count, dropped;
	bool *omit = chat_alloc_zeroed(count + 1, sizeof(*omit));
	bool complete;
	struct block *block;
	size_t total, max;
	char *start, *at;

	dropped = replay_fit(history, first, count, replay->max_bytes, omit, &total);
	complete = replay->complete && dropped == 0 && count == have;
	max = sizeof(head) + total + sizeof("],\"complete\":false}");
	block = block_frame_begin(block_new(max + 10), max);
	start = block->bytes + block->len;
	at = put(start, head, sizeof(head) - 1);
	for (uint32_t i = dropped; i < count; i++) {
		if (i > dropped)
			*at++ = ',';
		at = put_entry(at, history_at(history, first + i), omit[i]);
	}
	free(omit);
	*at++ = ']';
	if (replay->resumed)
		at = complete ? put(at, ",\"complete\":true", 16)
			      : put(at, ",\"complete\":false", 17);
	*at++ = '}';
	block_frame_end(block, CHAT_WS_TEXT, max, (size_t)(at - start));
	return block;
}
