#ifndef LISTEN_OUTPUT_MARKS_H
#define LISTEN_OUTPUT_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text/buf.h"

/*
 * Marks in the output. A mark means: when `end` bytes are written, all messages of a channel up to
 * `id` are written. It starts zeroed.
 */
struct output_marks {
	struct chat_buf bytes; /* the marks, one after the other */
	size_t start; /* the offset of the oldest mark in bytes */
	size_t last; /* the offset of the newest mark, if there is one */
};

struct mark {
	uint64_t end; /* an offset in the whole output, as output_end() returns it */
	size_t feed; /* the number of the channel */
	const char *id; /* the last message; of a taken mark: valid until a put or free */
};

void output_marks_free(struct output_marks *marks); /* leaves it zeroed */

/*
 * Adds a mark, which is copied; its end must not be less than that of the newest mark. Replaces the
 * newest mark if that has the same feed and end.
 */
void output_marks_put(struct output_marks *marks, const struct mark *mark);

/*
 * Removes the oldest mark if its end is at most `written`, and copies it to *mark. Returns false if
 * there is no such mark.
 */
bool output_marks_take(struct output_marks *marks, uint64_t written, struct mark *mark);

#endif
