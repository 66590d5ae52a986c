#ifndef LISTEN_MARKS_H
#define LISTEN_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"

/*
 * Marks in the output. Each says: when so many bytes are written, all messages of a channel up to
 * this id are. It starts zeroed.
 */
struct marks {
	struct chat_buf bytes; /* the marks, one after the other */
	size_t start; /* where the oldest mark begins in bytes */
	size_t last; /* where the newest one begins, if there is one */
};

struct mark {
	uint64_t end; /* bytes of output, in all */
	size_t feed; /* the number of the channel */
	const char *id; /* of the last message; when taken, valid until the next mark is put */
};

void marks_free(struct marks *marks); /* leaves it zeroed */

/*
 * Adds one; end does not go back. Another one of the same feed and end takes the last one's place.
 */
void marks_put(struct marks *marks, const struct mark *mark);

/* Takes the oldest mark whose end is at most `written`. Returns false if there is none. */
bool marks_take(struct marks *marks, uint64_t written, struct mark *mark);

#endif
