#ifndef BENCH_LOAD_TEXT_H
#define BENCH_LOAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text/buf.h"

/*
 * The texts. A content has 2 hexadecimal digits for the sender's index, 8 for its counter, 16 for
 * the time of sending (nanoseconds, monotonic), and padding. All contents of a run have the same
 * size.
 */
#define TEXT_BYTES_MIN 26
#define TEXT_SENDERS_MAX 256
#define TEXT_COUNTER_AT 2
#define TEXT_TIME_AT 10

/* A sender's next text as the frame that carries it, masked, complete but for counter and time. */
struct text {
	char *frame;
	size_t len;
	size_t stamp_at; /* of the counter, in the frame */
	uint32_t counter;
	unsigned char mask[24]; /* over counter and time */
};

void text_init(struct text *text, uint32_t sender, size_t bytes);
void text_free(struct text *text);

/* Appends the text, stamped, and counts. */
void text_append(struct chat_buf *out, struct text *text, uint64_t time_ns);

/* Returns true when the padding of a content is what text_init made. */
bool text_padding_is_right(const char *content, size_t bytes);

/* Returns the number that 8 lower-case hexadecimal digits stand for, without a loop. */
static inline uint32_t
text_hex(const char digits[8])
{
	uint64_t v;

	memcpy(&v, digits, sizeof(v));
	v = (v & 0x0f0f0f0f0f0f0f0f) + 9 * (v >> 6 & 0x0101010101010101);
	v = (v << 4 | v >> 8) & 0x00ff00ff00ff00ff;
	v = (v | v >> 8) & 0x0000ffff0000ffff;
	return __builtin_bswap32((uint32_t)(v | v >> 16));
}

static inline uint32_t
text_sender(const char *content)
{
	return (uint32_t)(((content[0] & 15) + 9 * (content[0] >> 6 & 1)) << 4 |
		((content[1] & 15) + 9 * (content[1] >> 6 & 1)));
}

static inline uint64_t
text_time_ns(const char *content)
{
	return (uint64_t)text_hex(content + TEXT_TIME_AT) << 32 |
		text_hex(content + TEXT_TIME_AT + 8);
}

#endif
