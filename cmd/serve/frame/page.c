/* Decides how many messages make a page, and encodes the page. */
#include "serve/frame/page.h"

#include <string.h>

/* ---- the plan ---- */

void
page_plan_begin(struct page_plan *plan, size_t limit_bytes)
{
	*plan = (struct page_plan){.limit_bytes = limit_bytes};
}

/*
 * Returns n if there is a multiple of 2^(n-1) above `from` and not above `to`, but no multiple of
 * 2^n. Returns 0 if the two are equal. `from` must not be above `to`.
 */
static unsigned
roundness(uint64_t from, uint64_t to)
{
	return from == to ? 0 : 64 - (unsigned)__builtin_clzll(from ^ to);
}

/*
 * Considers an end of the page before the message with this number, which is the next one. An end
 * in the first half of the page is not accepted.
 */
static void
plan_consider(struct page_plan *plan, uint64_t number)
{
	unsigned round = roundness(plan->last, number);

	if (plan->count == 0 || 2 * plan->bytes < plan->limit_bytes || round < plan->roundness)
		return;
	plan->roundness = round;
	plan->cut = plan->count;
	plan->cut_bytes = plan->bytes;
}

bool
page_plan_take(struct page_plan *plan, uint64_t number, size_t text_bytes)
{
	plan_consider(plan, number);
	plan->full = plan->count && plan->bytes + text_bytes + 1 > plan->limit_bytes;
	if (plan->full)
		return false;
	plan->bytes += text_bytes + 1;
	plan->count++;
	plan->last = number;
	return true;
}

uint32_t
page_plan_end(const struct page_plan *plan, size_t *bytes)
{
	bool cut = plan->full && plan->cut;

	*bytes = cut ? plan->cut_bytes : plan->bytes;
	return cut ? plan->cut : plan->count;
}

/* ---- the encoding ---- */

static const char head[] = "{\"type\":\"history\",\"messages\":[";
#define TAIL_BYTES sizeof("],\"complete\":false,\"more\":true}")

static void
put(struct page_writer *writer, const void *bytes, size_t len)
{
	memcpy(writer->at, bytes, len);
	writer->at += len;
}

void
page_writer_begin(struct page_writer *writer, size_t text_bytes)
{
	writer->most_bytes = sizeof(head) + text_bytes + TAIL_BYTES;
	writer->block = block_frame_begin(block_new(writer->most_bytes + 10), writer->most_bytes);
	writer->start = writer->at = writer->block->bytes + writer->block->len;
	put(writer, head, sizeof(head) - 1);
}

static void
put_comma(struct page_writer *writer)
{
	if (writer->at[-1] != '[')
		*writer->at++ = ',';
}

void
page_writer_put(struct page_writer *writer, struct chat_span text)
{
	put_comma(writer);
	put(writer, text.at, text.len);
}

void
page_writer_put_without_data(
	struct page_writer *writer, struct chat_span text, uint32_t data_at, uint32_t data_len)
{
	size_t behind = (size_t)data_at + data_len;

	put_comma(writer);
	put(writer, text.at, data_at);
	put(writer, PAGE_OMITTED, sizeof(PAGE_OMITTED) - 1);
	put(writer, text.at + behind, text.len - behind);
}

struct block *
page_writer_end(struct page_writer *writer, enum page_complete complete, bool more)
{
	*writer->at++ = ']';
	if (complete == PAGE_COMPLETE)
		put(writer, ",\"complete\":true", 16);
	if (complete == PAGE_INCOMPLETE)
		put(writer, ",\"complete\":false", 17);
	if (more)
		put(writer, ",\"more\":true", 12);
	*writer->at++ = '}';
	block_frame_end(writer->block, CHAT_WS_TEXT, writer->most_bytes,
		(size_t)(writer->at - writer->start));
	return block_trim(writer->block);
}

void
page_writer_abandon(struct page_writer *writer)
{
	block_unref(writer->block);
}
