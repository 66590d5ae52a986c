#ifndef SERVE_CHANNEL_SINCE_H
#define SERVE_CHANNEL_SINCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/channel/channel.h"
#include "serve/frame/page_cache.h"

/*
 * The past of a channel for one who joins: with `since` page by page, each a `history`, from the
 * journal and then from what the channel remembers; otherwise the newest messages in one. With the
 * last page the member is live, just there where the channel's stream is.
 */
/* Of a member that is not live yet. */
struct member_catchup {
	uint64_t told; /* number of the last message that it was sent, or that it has by its `since`
			*/
	uint64_t announced; /* channel->announced when it was told who is there */
	bool complete; /* nothing was missing before its next page */
	struct member_owed *owed; /* what it said again before it was told of it */
	uint32_t owed_count, owed_cap;
};

void member_catchup_free(struct member_catchup *catchup);

/* While a page is read from the journal the channel remembers so much more: its tail is not
 * overtaken.
 */
#define CATCHUP_TAIL_MESSAGES 10000
#define CATCHUP_TAIL_BYTES ((size_t)1 << 20)

/* The `since` of one who has seen nothing. */
#define CATCHUP_BEGINNING "0"

/* Where one who joins wants to begin. */
struct since_point {
	struct chat_span id; /* of the last message that it has seen; at NULL: it did not say */
	bool timed; /* with CATCHUP_BEGINNING: what is older than time_ms need not come */
	int64_t time_ms;
};

/* One who has just joined is sent the past behind `since`; past is the caller's, as long as that
 * takes. */
void member_begin(
	struct member *member, struct member_catchup *catchup, const struct since_point *since);

/* Number of the newest message that was published; 0: none. */
uint64_t channel_newest(const struct channel *channel);

/* The `since` that asks for all that will be published after that. */
void channel_present(const struct channel *channel, char since[MESSAGE_ID_LEN + 1]);

/* Whether the next page of this member has to come from the journal. */
bool channel_catchup_is_far(const struct member *member);

/* The key of its next page where that comes from the journal. */
struct page_key channel_catchup_key(const struct member *member);

/*
 * The next page of this member from memory, of at most so many bytes of messages, for as long as
 * nothing else is done with the channel's pages.
 */
struct page *channel_catchup_page(struct member *member, size_t bytes);

/* Sends it a page, which it passes. One without a message is passed only. */
void member_turn(struct member *member, const struct page *page);

/* Sends it its last page, and from now on what is published: its past is no more. */
void member_go_live(struct member *member, const struct page *last);

/* Whether the newest messages of a channel are in the journal alone; and how many are wanted. */
bool channel_is_to_recall(const struct channel *channel);
uint32_t channel_wanted(const struct channel *channel);

/* One without `since` has just joined, and waits for what the journal recalls. */
void member_await(struct member *member, struct member_catchup *catchup);

/*
 * One without `since`: the newest messages, those that came while it waited for that, and it is
 * live.
 */
void member_replay(struct member *member);

/*
 * It has said a message again, so many times, that its past is still to bring: then it gets it as
 * often. One who has said MEMBER_OWED_MOST messages so is to say no more of them.
 */
#define MEMBER_OWED_MOST 256
void member_owe(struct member *member, uint64_t number, uint64_t times);
bool member_is_owed_much(const struct member *member);

/* Sends it a block, whose reference is taken over. */
void member_tell(struct member *member, struct block *block);

/* Whether it was sent the message of this number; one that is not live may still be to get it. */
static inline bool
member_has_passed(const struct member *member, uint64_t number)
{
	return !member->catchup || number <= member->catchup->told;
}

#endif
