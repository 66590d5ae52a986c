/*
 * The `history` frames that new members are sent: the replay of the newest messages, with limits of
 * messages and bytes (channel/replay.c), and pages of the messages after a number
 * (channel/since.c).
 */
#include <stdlib.h>

#include "serve/frame/history.h"
#include "serve/frame/page.h"
#include "text/buf.h"

/* ---- messages ---- */

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

/* Returns how many bytes shorter the message is if PAGE_OMITTED replaces its file's data. */
static size_t
entry_saving(const struct history_entry *entry)
{
	size_t left = sizeof(PAGE_OMITTED) - 1;

	return entry->data_len > left ? entry->data_len - left : 0;
}

/* ---- replay ---- */

struct file_data {
	size_t saving; /* bytes that are saved if the data is left out */
	uint32_t of; /* index of its message among the selected messages */
};

/* Orders by saving, the largest first. Of equal savings the one of the oldest message is first. */
static int
compare_data(const void *a, const void *b)
{
	const struct file_data *one = a, *other = b;

	if (one->saving != other->saving)
		return one->saving < other->saving ? 1 : -1;
	return one->of < other->of ? -1 : 1;
}

/*
 * Leaves out file data of the selected messages, the largest first, until the texts fit or no data
 * is left: sets omit[i], and subtracts the savings from *bytes.
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
 * Decides what is left out of the selected messages. Sets omit[i] if the message loses its file
 * data. Returns how many of the oldest messages are left out. *bytes gets the length of the
 * remaining texts, each with a comma.
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
