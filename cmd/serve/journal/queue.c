/* What waits to be written, whole or in portions. */
#include "serve/journal/queue.h"

#include <stdlib.h>
#include <string.h>

#include "serve/journal/segment.h"
#include "serve/util/crc32c.h"

#define QUEUE_MAX ((size_t)1 << 30) /* bytes; with a segment below 2 GiB an offset fits 32 bits */
#define QUEUE_KEPT ((size_t)1 << 20) /* bytes of memory of one in which nothing waits */
#define MESSAGE_BYTES (CHECKSUM_LEN + sizeof(struct position)) /* beside its line */

void
queue_free(struct append_queue *queue)
{
	chat_buf_free(&queue->lines);
	free(queue->at);
}

bool
queue_add(struct append_queue *queue, const struct journal_line *line, struct chat_span text)
{
	struct chat_buf *lines = &queue->lines;

	if (lines->len + text.len >= QUEUE_MAX)
		return false;
	if (queue->count == queue->cap) {
		queue->cap = queue->cap ? 2 * queue->cap : 64;
		queue->at = chat_realloc(queue->at, queue->cap * sizeof(*queue->at));
	}
	chat_buf_append_span(lines, text);
	chat_buf_append(lines, "\n", 1);
	queue->at[queue->count++] = (struct queued){
		.line = *line,
		.len = (uint32_t)text.len,
		.crc = crc32c(0, lines->at + lines->len - text.len - 1, text.len + 1),
	};
	return true;
}

struct batch
queue_portion(const struct append_queue *queue, uint64_t most_bytes)
{
	struct batch portion = {.count = queue_count(queue)};
	uint64_t bytes = 0;
	size_t len = 0;

	if (!portion.count)
		return portion;
	portion.at = queue->at + queue->taken;
	portion.lines = (struct chat_span){
		queue->lines.at + queue->taken_bytes, queue->lines.len - queue->taken_bytes};
	if (!most_bytes || portion_bytes(&portion) <= most_bytes)
		return portion;
	for (size_t i = 0; i < portion.count; i++) {
		bytes += portion.at[i].len + 1 + MESSAGE_BYTES;
		if (i && bytes > most_bytes) {
			portion.count = i;
			break;
		}
		len += portion.at[i].len + 1;
	}
	portion.lines.len = len;
	return portion;
}

uint64_t
portion_bytes(const struct batch *portion)
{
	return portion->lines.len + portion->count * (uint64_t)MESSAGE_BYTES;
}

void
queue_take(struct append_queue *queue, const struct batch *portion)
{
	queue->taken += portion->count;
	queue->taken_bytes += portion->lines.len;
	if (queue->taken < queue->count - queue->taken)
		return; /* what is behind them is moved once they are half of all */
	if (!queue->taken)
		return;
	queue->count -= queue->taken;
	if (!queue->count) {
		queue_clear(queue);
		return;
	}
	memmove(queue->at, queue->at + queue->taken, queue->count * sizeof(*queue->at));
	chat_buf_drop(&queue->lines, queue->taken_bytes);
	queue->taken = queue->taken_bytes = 0;
}

void
queue_clear(struct append_queue *queue)
{
	if (queue->lines.cap + queue->cap * sizeof(*queue->at) > QUEUE_KEPT) {
		queue_free(queue);
		*queue = (struct append_queue){0};
	}
	queue->lines.len = 0;
	queue->count = queue->taken = queue->taken_bytes = 0;
}
