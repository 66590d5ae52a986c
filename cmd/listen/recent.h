#ifndef LISTEN_RECENT_H
#define LISTEN_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/msg.h"
#include "text/buf.h"

/* The last messages of a history that is sent in several pages. It starts zeroed. */
struct recent {
	struct recent_text *first,
		*last; /* the oldest and the newest message; NULL if there is none */
	int64_t count; /* the number of messages kept */
	bool paged; /* a page was added */
	bool incomplete; /* a page did not have "complete":true */
};

void recent_free(struct recent *recent); /* leaves it zeroed */

/*
 * Adds the messages of a page, which must be a history, except its first `skip` messages. Then
 * keeps only the last `most` messages of all pages.
 */
void recent_add(struct recent *recent, const struct chat_msg *page, int64_t skip, int64_t most);

/*
 * Reads the newest message into msg; its values point into recent. Returns false if there is none.
 */
bool recent_newest(const struct recent *recent, struct chat_msg *msg);

/* Appends the messages to line, as one history. */
void recent_write(const struct recent *recent, struct chat_buf *line);

#endif
