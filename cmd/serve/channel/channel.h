#ifndef SERVE_CHANNEL_CHANNEL_H
#define SERVE_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/url.h"
#include "serve/channel/leavers.h"
#include "serve/channel/member.h"
#include "serve/channel/nonces.h"
#include "serve/channel/pending.h"
#include "serve/channel/quota.h"
#include "serve/channel/roster.h"
#include "serve/frame/history.h"
#include "serve/frame/page_cache.h"
#include "serve/journal/epochs.h"
#include "serve/journal/journal.h"
#include "serve/util/clock.h"
#include "serve/util/fair_share.h"
#include "text/hash.h"

/*
 * A channel: its members, the order of its messages, the users who are present, and the newest
 * messages.
 *
 * A message takes these steps. post.c gives it an id and a time, encodes it into the block of this
 * tick (pending.h) and appends it to the journal. At the end of the tick the journal is committed.
 * When a message is durable, publish.c sends its block to every live member, adds it to the
 * history, and passes it to the watcher. Until then nobody has seen it. If the journal cannot store
 * it, rollback.c takes it out again. The last page of the past that a new member is sent (since.h,
 * replay.h) ends where the pending messages begin: the member misses nothing and gets nothing
 * twice.
 */
struct channel {
	UT_hash_handle hh; /* in channels->by_name */
	struct channels *channels;
	uint64_t number; /* unique, ascending; no other channel ever has it */
	/* In channels->dirty and channels->waiting. The channel itself: it is not in that list. */
	struct channel *next_dirty, *next_waiting;

	struct {
		struct member *first; /* utlist, in the order of joining */
		size_t count;
		size_t live; /* how many of them do not catch up */
	} members;
	/* Connections that have asked for this channel and not joined yet (session/request.c). */
	size_t visitors;
	struct roster roster;
	struct {
		uint64_t announced; /* how many announcements were made, ever */
		uint64_t changes; /* of the list of users, ever, announced or not */
		bool crowded; /* too many members to announce users, and they were told so */
	} presence;

	struct pending pending;
	int64_t timestamp_ms; /* of the last message */
	struct history history; /* the newest messages that are published */
	uint64_t gap; /* the journal has removed messages of the channel with numbers up to this */
	/* Reads of the journal for its members (session/catchup_read.c): the history keeps more. */
	uint32_t readers;
	bool newest_read; /* the newest messages were read from the journal, or are being read */

	struct share share; /* of the memory for histories */
	struct slot slot; /* whose channel it is, and if it is idle (quota.h) */
	uint16_t name_len;
	char name[CHAT_CHANNEL_MAX + 1];
};

/* Returns its name, which is valid as long as the channel. */
static inline struct chat_span
channel_name(const struct channel *channel)
{
	return (struct chat_span){channel->name, channel->name_len};
}

/* The limits that the options set, for all channels or for each of them. */
struct channels_limits {
	size_t channels; /* at once */
	size_t members; /* of each channel */
	size_t leavers; /* of all channels; above it the first one is offline before its time */
	size_t crowd; /* members of a channel; above it single users are not announced */
	uint32_t history_replay; /* messages that a member without `since` is sent; */
	size_t history_replay_bytes; /* and their bytes */
	size_t page_message_bytes; /* a larger message is sent without its file's data */
	uint32_t history_keep; /* messages that each channel keeps in memory */
	size_t history_bytes; /* of memory for the histories of all channels */
	size_t max_message_bytes; /* that a client may send, which the userData tells it */
	int64_t grace_ms; /* from when a user leaves until it is announced as offline */
};

/* Gets every frame that any channel publishes: the server prints them on stdout. */
struct watcher {
	void (*on_event)(void *arg, struct chat_span line); /* NULL: there is no watcher */
	void *arg;
};

/* All channels of a server, and what they share. */
struct channels {
	struct channel *by_name; /* uthash */
	size_t count;
	struct channels_limits limits;
	struct quotas quotas; /* the channels of each address */
	struct leavers leavers;
	struct nonces nonces; /* of recent messages */
	struct page_cache page_cache; /* pages of the past, and replays */
	struct {
		struct shares in_use, idle; /* bytes of the channels that are in use, or idle */
	} history_memory;
	struct watcher watcher;
	struct clock *clock;

	/* The ids of messages: the epoch of this process, and a number. */
	uint64_t epoch;
	uint64_t sequence; /* number of the last message */
	struct epochs epochs; /* before this one, as the journal has them */

	struct journal *journal; /* borrowed; set after channels_init */
	uint64_t ticket; /* of the last append */
	uint64_t durable; /* messages up to this ticket are stored; set by the journal's callback */
	uint64_t tried; /* the same when the waiting channels were published last */
	struct channel *dirty; /* channels to which something was appended in this tick */
	struct channel *waiting; /* channels with frames of earlier ticks that are not published */
	size_t pending_bytes; /* of memory for what is not published in all channels, about */

	/* Of channels that were freed; they may be made again. */
	struct {
		int64_t timestamp_ms; /* the last one of their messages */
		uint64_t dropped; /* number of the newest message that they no longer kept */
	} freed;
	uint64_t gap; /* the journal has removed messages up to this number, of unknown channels */

	struct {
		uint64_t channels, members; /* made */
		uint64_t messages; /* posted */
		uint64_t deliveries; /* messages times the members that they were sent to */
	} ever;
};

/* ---- channel.c ---- */

/* Makes an empty set. The caller then sets journal, nonces, page_cache and watcher. */
void channels_init(struct channels *channels, const struct channels_limits *limits,
	struct clock *clock, uint64_t epoch);
void channels_free(struct channels *channels);

/* Returns true if there is a channel of this name. */
bool channels_have(const struct channels *channels, struct chat_span name);

/*
 * Returns the channel of this valid name, which is in use from now on. Makes it if there is none;
 * if there are too many, the one that was idle for longest is freed first. A caller that does not
 * join calls channel_release. Returns NULL with server_full if too many channels are in use, or too
 * many by this claimant.
 */
struct channel *channels_find(struct channels *channels, struct chat_span name,
	const struct claimant *claimant, struct chat_err *err);

/*
 * Call this when a member, a visitor, a reader or a user has left the channel. If the channel is
 * empty now, it becomes idle; if its history is empty, too, it is freed. A channel on the dirty or
 * waiting list stays: channels_publish takes it off the list and calls this again.
 */
void channel_release(struct channel *channel);

/* Puts the channel on the list of those that channels_publish looks at in this tick. */
static inline void
channel_mark_dirty(struct channel *channel)
{
	if (channel->next_dirty == channel) {
		channel->next_dirty = channel->channels->dirty;
		channel->channels->dirty = channel;
	}
}

/* ---- channel_history.c ---- */

/*
 * Adds a published message to the history. If all histories together take too much memory, one of
 * those that take most drops its oldest message. That may be this channel, another one in use, or
 * an idle one, which is freed with its last message.
 */
void channel_history_add(struct channel *channel, const struct history_entry *entry);

/*
 * Puts messages from the journal before those in the history. Takes over `found` in any case.
 * dropped: the history's, when the journal was asked. Does nothing if the history has dropped more
 * since, for there would be a hole, or if it has the messages already. removed: number of the
 * newest message of the channel that the journal has removed; messages between those found may be
 * missing up to that.
 */
void channel_history_prepend(
	struct channel *channel, struct history *found, uint64_t dropped, uint64_t removed);

/* Counts the memory of the history again. To be called after the history was changed. */
void channel_history_account(struct channel *channel);

/* Returns the number of the newest message that was published, or 0 if there is none. */
uint64_t channel_newest_number(const struct channel *channel);

/* Returns the bytes of memory that the histories of all channels take. */
static inline size_t
channels_history_bytes(const struct channels *channels)
{
	return channels->history_memory.in_use.amount + channels->history_memory.idle.amount;
}

#endif
