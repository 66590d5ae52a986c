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
 * page, each in a `history`. Pages are read from the journal if the channel does not have their
 * messages in memory, and are made from memory otherwise. After the last page the member is live.
 * The session asks for each page (session/catchup.h).
 */
struct channel;
struct channels;

/* The point from which a member wants messages. */
struct since_point {
	/* Of the last message that the member has seen; at NULL: there is no `since`. */
	struct chat_span id;
	bool timed; /* with SINCE_BEGINNING: messages before time_ms are not wanted */
	int64_t time_ms; /* Unix time; valid if timed */
};

/*
 * Returns true if the id is of a message of the cluster that this server does not have yet: another
 * one has told it. Who joined now would get that message, and what is before it, once more.
 */
bool since_is_ahead(const struct channels *channels, const struct since_point *since);

/*
 * Begins the catch-up of a member that has just joined. The member borrows catchup, which must stay
 * valid until the member is live or leaves.
 */
void member_begin_catchup(
	struct member *member, struct member_catchup *catchup, const struct since_point *since);

/* Returns true if the next page of the member must be read from the journal. */
bool member_needs_journal(const struct member *member);

/* Returns the key of the member's next page, if it is read from the journal. */
struct page_key member_page_key(const struct member *member);

/*
 * Returns the next page of the member, made from memory, with this limit of its texts. The page
 * belongs to the page cache, and is valid until another page is filled. If its kind is
 * PAGE_CATCHUP, it must be passed to member_send_page, otherwise to member_go_live.
 */
struct page *member_next_page(struct member *member, size_t bytes);

/* Sends a page. The member's next page begins after page->end. page->block may be NULL. */
void member_send_page(struct member *member, const struct page *page);

/* Sends the last page, and makes the member live. Its catchup is not used afterwards. */
void member_go_live(struct member *member, const struct page *last);

/* Sends the list of users again if there were announcements since the member was sent userData. */
void member_update_users(struct member *member);

#endif
