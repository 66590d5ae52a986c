#ifndef LISTEN_OUTPUT_MARKS_H
#define LISTEN_OUTPUT_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"

/*
 * Marks in the output. Each says: when so many bytes are written, all messages of a channel up to
 * this id are. It starts zeroed.
 */
struct output_marks {
	struct chat_buf bytes; /* the marks, one after the other */
	size_t start; /* where the oldest mark begins in bytes */
	size_t last; /* where the newest one begins, if there is one */
};

struct mark {
	uint64_t end; /* bytes of output, in all */
	size_t feed; /* the number of the channel */
	const char *id; /* of the last message; when taken, valid until the next mark is put */
};

void output_marks_free(struct output_marks *marks); /* leaves it zeroed */

/*
 * Adds one; end does not go back. Another one of the same feed and end takes the last one's place.
 */
void output_marks_put(struct output_marks *marks, const struct mark *mark);

/* Takes the oldest mark whose end is at most `written`. Returns false if there is none. */
bool output_marks_take(struct output_marks *marks, uint64_t written, struct mark *mark);

#endif
