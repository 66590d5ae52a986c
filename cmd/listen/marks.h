#ifndef LISTEN_MARKS_H
#define LISTEN_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"

/*
 * Up to which message of its channel all is printed when so many bytes of the output are written.
 * Starts zeroed.
 */
struct marks {
	struct chat_buf bytes;
	size_t start; /* of the oldest in bytes */
	size_t last; /* of the newest, where there is one */
};

struct mark {
	uint64_t end; /* bytes of output, ever */
	size_t feed; /* which channel */
	const char *id; /* valid until the next one is put */
};

void marks_free(struct marks *marks); /* leaves it as it starts */

/*
 * Adds one; end does not go back. Another one of the same feed and end takes the last one's place.
 */
void marks_put(struct marks *marks, const struct mark *mark);

/* Takes the oldest one that lies not behind so many bytes. False: there is none. */
bool marks_take(struct marks *marks, uint64_t written, struct mark *mark);

#endif
