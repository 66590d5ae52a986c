/*
 * The newest messages of a channel. publish.c adds each message that was published; members that
 * join get frames of them (channel/since.c, channel/replay.c).
 */
#include "serve/frame/history.h"

#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/frame/page.h"
#include "serve/util/memory.h"

#define SMALL_BYTES 2048 /* a shorter frame is copied into a block of many */
#define OWN_LEAST 1024 /* bytes of the first such block; each is twice the one before, */
#define OWN_MOST 8192 /* up to that */
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

/* Makes a ring of cap places, not fewer than count. 0 frees it. */
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

/* Ends the block that grows. It lives on while messages in it are in the history. */
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

/* Returns true if no other message is in the block of the oldest one, which is small. */
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

/* ---- replay ---- */

static struct chat_span
entry_text(const struct history_entry *entry)
{
	return block_frame_payload(entry->block->bytes + entry->at);
}

static void
put_entry(struct page_writer *writer, const struct history_entry *entry, bool omit)
{
	struct chat_span text = entry_text(entry);

	if (omit)
		page_writer_put_without_data(writer, text, entry->data_at, entry->data_len);
	else
		page_writer_put(writer, text);
}

/* Returns how many bytes shorter the message is without its file's data. */
static size_t
entry_saving(const struct history_entry *entry)
{
	size_t left = sizeof(PAGE_OMITTED) - 1;

	return entry->data_len > left ? entry->data_len - left : 0;
}

struct file_data {
	size_t saving; /* bytes, if it is left out */
	uint32_t of; /* the index of its message, among those selected */
};

/* Orders the largest first, and of equal ones the oldest. */
static int
compare_data(const void *a, const void *b)
{
	const struct file_data *one = a, *other = b;

	if (one->saving != other->saving)
		return one->saving < other->saving ? 1 : -1;
	return one->of < other->of ? -1 : 1;
}

/*
 * Decides which file data of the selected messages is left out, so that the texts fit: sets
 * omit[i], and takes what that saves from *bytes.
 */
static void
omit_data(const struct history *history, uint32_t first, uint32_t count, size_t most_bytes,
	bool *omit, size_t *bytes)
{
	struct file_data *data = chat_alloc((count + 1) * sizeof(*data));
	uint32_t files = 0;

	for (uint32_t i = 0; i < count; i++) {
		size_t saving = entry_saving(history_at(history, first + i));

		if (saving)
			data[files++] = (struct file_data){saving, i};
	}
	qsort(data, files, sizeof(*data), compare_data);
	for (uint32_t i = 0; i < files; i++) {
		if (*bytes <= most_bytes)
			break;
		*bytes -= data[i].saving;
		omit[data[i].of] = true;
	}
	free(data);
}

/*
 * Decides what is left out of the selected messages: sets omit[i] where that is file data, and
 * returns how many of the oldest messages. *bytes gets the length of the other texts, with commas.
 */
static uint32_t
replay_fit(const struct history *history, uint32_t first, uint32_t count, size_t most_bytes,
	bool *omit, size_t *bytes)
{
	uint32_t dropped = 0;

	*bytes = 0;
	for (uint32_t i = 0; i < count; i++)
		*bytes += entry_text(history_at(history, first + i)).len + 1;
	if (*bytes > most_bytes)
		omit_data(history, first, count, most_bytes, omit, bytes);
	for (; *bytes > most_bytes && dropped < count; dropped++) {
		const struct history_entry *entry = history_at(history, first + dropped);

		*bytes -= entry_text(entry).len + 1 - (omit[dropped] ? entry_saving(entry) : 0);
	}
	return dropped;
}

struct block *
history_replay(const struct history *history, uint64_t upto, uint32_t most, size_t most_bytes)
{
	uint32_t end = history_after(history, upto), count = end < most ? end : most;
	uint32_t first = end - count, dropped;
	bool *omit = chat_alloc_zeroed(count + 1, sizeof(*omit));
	struct page_writer writer;
	size_t bytes;

	dropped = replay_fit(history, first, count, most_bytes, omit, &bytes);
	page_writer_begin(&writer, bytes);
	for (uint32_t i = dropped; i < count; i++)
		put_entry(&writer, history_at(history, first + i), omit[i]);
	free(omit);
	return page_writer_end(&writer, PAGE_SILENT, false);
}

/* ---- pages ---- */

struct block *
history_page(const struct history *history, const struct history_page *page, uint64_t *end)
{
	uint32_t first = history_after(history, page->after), i = first, count;
	struct page_writer writer;
	struct page_plan plan;
	size_t bytes;

	page_plan_begin(&plan, page->bytes);
	while (i < history->count &&
		page_plan_take(&plan, history_at(history, i)->number,
			entry_text(history_at(history, i)).len))
		i++;
	count = page_plan_end(&plan, &bytes);
	*end = count ? history_at(history, first + count - 1)->number : page->after;
	page_writer_begin(&writer, bytes);
	for (i = first; i < first + count; i++) {
		const struct history_entry *entry = history_at(history, i);

		put_entry(&writer, entry,
			entry_saving(entry) && entry_text(entry).len > page->most_bytes);
	}
	return page_writer_end(&writer, page->complete ? PAGE_COMPLETE : PAGE_INCOMPLETE,
		first + count < history->count);
}
