#ifndef LISTEN_RECENT_H
#define LISTEN_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/msg.h"

/* The last messages of a history that comes in several pages. Starts zeroed. */
struct recent {
	struct recent_text *first, *last;
	int64_t count;
	bool paged; /* a page was added */
	bool incomplete; /* one that was not complete */
};

void recent_free(struct recent *recent); /* leaves it as it starts */

/*
 * Adds a page, a history that was read, but for its first skip messages, and keeps the last `most`
 * messages of all.
 */
void recent_add(struct recent *recent, const struct chat_msg *page, int64_t skip, int64_t most);

/* Reads the newest that is kept; false: there is none. It is borrowed of recent. */
bool recent_newest(const struct recent *recent, struct chat_msg *msg);

/* Appends what is kept as one history. */
void recent_write(const struct recent *recent, struct chat_buf *line);

#endif
