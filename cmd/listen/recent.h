#ifndef LISTEN_RECENT_H
#define LISTEN_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/msg.h"

/* The last messages of a history that comes in several pages. It starts zeroed. */
struct recent {
	struct recent_text *first,
		*last; /* the oldest and the newest message; NULL: there is none */
	int64_t count; /* messages */
	bool paged; /* a page was added */
	bool incomplete; /* a page was not complete */
};

void recent_free(struct recent *recent); /* leaves it zeroed */

/*
 * Adds the messages of a page, which is a history, without its first `skip` messages. Keeps the
 * last `most` messages of all pages.
 */
void recent_add(struct recent *recent, const struct chat_msg *page, int64_t skip, int64_t most);

/*
 * Reads the newest message into msg, whose values point into recent. Returns false if there is
 * none.
 */
bool recent_newest(const struct recent *recent, struct chat_msg *msg);

/* Appends the messages as one history. */
void recent_write(const struct recent *recent, struct chat_buf *line);

#endif
