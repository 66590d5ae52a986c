#ifndef SERVE_CHANNEL_SINCE_H
#define SERVE_CHANNEL_SINCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/channel/member.h"
#include "serve/frame/page_cache.h"

/*
 * The answer to `since`: a member that joined with it is sent the messages that follow, page by
 * page, each in a `history`. Pages come from the journal while they are older than what the channel
 * keeps in memory, and then from memory. With the last page the member is live. The session asks
 * for each page in its turn (session/catchup.h).
 */
struct channel;

/* Where a member wants to begin. */
struct since_point {
	struct chat_span id; /* of the last message that it has seen; at NULL: it has no `since` */
	bool timed; /* with SINCE_BEGINNING: messages before time_ms are not wanted */
	int64_t time_ms; /* Unix time; valid if timed */
};

/*
 * Begins to catch up at a member that has just joined. The member keeps catchup, which is the
 * caller's, until it is live or leaves.
 */
void member_begin_catchup(
	struct member *member, struct member_catchup *catchup, const struct since_point *since);

/* Returns true if the next page of the member must be read from the journal. */
bool member_needs_journal(const struct member *member);

/* Returns the key of the member's next page, if that comes from the journal. */
struct page_key member_page_key(const struct member *member);

/*
 * Returns the next page of the member from memory, of at most so many bytes of messages. It belongs
 * to the page cache, and is valid until another page is added. A kind of PAGE_CATCHUP is for
 * member_send_page, any other for member_go_live.
 */
struct page *member_next_page(struct member *member, size_t bytes);

/* Sends a page, after which the member has passed its messages. page->block may be NULL. */
void member_send_page(struct member *member, const struct page *page);

/* Sends the last page, and makes the member live. It does not use its catchup any more. */
void member_go_live(struct member *member, const struct page *last);

/* Sends the list of users again, if it has changed since the member joined. */
void member_update_users(struct member *member);

#endif
