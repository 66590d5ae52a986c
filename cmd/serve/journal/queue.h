#ifndef SERVE_JOURNAL_QUEUE_H
#define SERVE_JOURNAL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/span.h"
#include "serve/journal/line.h"

/* Messages that a journal was handed and has not written, in their order. */
struct queued {
	struct journal_line line;
	uint32_t len, crc; /* of the text; of it and its newline */
};

struct append_queue {
	struct chat_buf lines; /* of all of them, and of those that were taken before them */
	struct queued *at;
	size_t count, cap, taken; /* of messages; those taken are counted in count */
	size_t taken_bytes;
};

/* The first of them, as many as are written at once. */
struct batch {
	const struct queued *at;
	size_t count;
	struct chat_span lines;
};

void queue_free(struct append_queue *queue);

/* Copies the text. False: there are too many. */
bool queue_add(struct append_queue *queue, const struct journal_line *line, struct chat_span text);

/* Bytes of memory that it uses: what it has beyond that was never touched since it was empty. */
static inline size_t
queue_bytes(const struct append_queue *queue)
{
	return queue->lines.len + queue->count * sizeof(*queue->at);
}

/* How many wait. */
static inline size_t
queue_count(const struct append_queue *queue)
{
	return queue->count - queue->taken;
}

/* What so many bytes of a journal hold, but one message in any case; 0: all of them. */
struct batch queue_portion(const struct append_queue *queue, uint64_t most_bytes);

/* How many bytes of a journal it takes. */
uint64_t portion_bytes(const struct batch *portion);

/* It is written; its spans end. */
void queue_take(struct append_queue *queue, const struct batch *portion);

/* None of them is written any more. */
void queue_clear(struct append_queue *queue);

#endif
