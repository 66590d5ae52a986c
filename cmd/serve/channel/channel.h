#ifndef SERVE_CHANNEL_CHANNEL_H
#define SERVE_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
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
#include "serve/util/memory.h"
#include "text/hash.h"
#include "wire/url.h"

/*
 * A channel: its members, the order of its messages, the users who are present, and its newest
 * messages.
 *
 * A message passes through these steps. post.c proposes it, and it gets its place in the log.
 * apply.c gives it the id and the time that follow from that, encodes it into a block of this tick
 * (pending.h) and appends it to the journal. At the end of the tick the journal is committed. When
 * the messages of a block are durable, publish.c sends the block to every live member, adds the
 * messages to the history, and passes the frames to the watcher. Nobody sees a message before that.
 * If the journal cannot store a message, rollback.c removes it from the pending frames.
 *
 * The last page of the past that a new member is sent (since.h, replay.h) ends before the first
 * pending message. So the member misses no message, and gets none twice.
 */
struct channel_post;

struct channel {
	UT_hash_handle hh; /* in channels->by_name */
	struct channels *channels;
	uint64_t number; /* unique, ascending; not used for another channel later */
	/*
	 * The next channels in channels->dirty and channels->waiting. If a field points to the
	 * channel itself, the channel is not in that list.
	 */
	struct channel *next_dirty, *next_waiting;

	struct {
		struct member *first; /* utlist, in the order of joining */
		size_t count;
		size_t live; /* the number of members that do not catch up */
		size_t remote; /* users that are present on other servers, once for each of these */
	} members;
	/* Connections that asked for the channel and have not joined yet (session/request.c). */
	size_t visitors;
	struct roster roster;
	struct {
		uint64_t announced; /* the number of announcements since the channel was made */
		uint64_t changes; /* how many times the list of present users was changed */
		bool crowded; /* the crowd was announced; false when there is no crowd any more */
	} presence;

	struct pending pending;
	int64_t timestamp_ms; /* timestamp of the last message; Unix time */
	struct history history; /* the newest published messages */
	uint64_t gap; /* messages up to this number may be missing: the journal has removed some */
	/*
	 * Reads of the journal for its members (session/catchup_read.c). While there are any, the
	 * history keeps more messages.
	 */
	uint32_t readers;
	bool newest_read; /* a read of the newest messages from the journal was begun */

	struct share share; /* of the memory for histories, in bytes */
	struct slot slot; /* the address that it counts for, and if it is idle (quota.h) */
	uint16_t name_len;
	char name[]; /* with a NUL */
};

/* Returns the channel's name, which is valid as long as the channel. */
static inline struct chat_span
channel_name(const struct channel *channel)
{
	return (struct chat_span){channel->name, channel->name_len};
}

/* Returns the memory of a channel without its users, its history and what is pending. */
static inline size_t
channel_cost(const struct channel *channel)
{
	return memory_cost(sizeof(*channel) + channel->name_len + 1);
}

/* Returns the number of the loop on which the channel with this name lives, of so many. */
static inline size_t
channel_loop(struct chat_span name, size_t loops)
{
	return loops < 2 ? 0 : chat_hash(name.at, name.len) % loops;
}

/* The limits that the options set, for all channels or for each of them. */
struct channels_limits {
	size_t channels; /* channels that exist at once */
	size_t members; /* members of each channel */
	size_t leavers; /* users in their grace time; above it the first grace time ends early */
	size_t crowd; /* members of a channel; above it single users are not announced */
	uint32_t history_replay; /* messages that a member without `since` is sent at most */
	size_t history_replay_bytes; /* bytes of the texts of those messages */
	size_t page_message_bytes; /* a longer message is sent without its file's data in a page */
	uint32_t history_keep; /* messages that each channel keeps in memory at most */
	size_t history_bytes; /* memory for the histories of all channels */
	size_t max_message_bytes; /* of a message from a client; sent in userData */
	int64_t grace_ms; /* from when a user leaves until the user is announced as offline */
};

/* on_event is called with the text of every published frame. The server prints it on stdout. */
struct watcher {
	void (*on_event)(void *arg, struct chat_span line); /* NULL: there is no watcher */
	void *arg;
};

/*
 * Decides on the order of messages in place of this server, which then is one of several. A posted
 * message is proposed. When the log has given it a place, it is applied (apply.h).
 */
struct channel_log {
	/*
	 * Proposes a message, of which all is copied. Returns 0, or -1 if it cannot be proposed
	 * now. What comes of a proposal later, its sender is told by the log.
	 */
	int (*propose)(struct channel_log *log, struct channel *channel,
		const struct channel_post *post, struct chat_err *err);
	/* Tells the other servers that a user is present here, or is not any more. */
	void (*tell_presence)(struct channel_log *log, const struct channel *channel,
		const struct user *user, bool here);
	/*
	 * Removes a user from the channel, whose id or name belongs to another: ends its
	 * connections, and forgets that it is on other servers. What is left of it is in its grace
	 * time.
	 */
	void (*expel)(struct channel_log *log, struct channel *channel, struct user *user);
	struct chat_span name; /* of this server, unique in the cluster */
	uint64_t proposed; /* the number of the last proposal */
	uint64_t answered; /* proposals up to this number are published or refused */
	size_t bytes; /* the memory of proposals that are not answered */
};

/* All channels of a server, and the state that they share. */
struct channels {
	struct channel *by_name; /* uthash */
	size_t count;
	struct channels_limits limits;
	struct quotas quotas; /* the channels of each address */
	struct leavers leavers;
	struct nonces nonces; /* of recent messages */
	struct page_cache page_cache; /* pages that new members are sent */
	struct {
		/* Memory of the histories of channels in use, and of idle ones. */
		struct shares in_use, idle;
	} history_memory;
	struct watcher watcher;
	struct clock *clock;

	/* The parts of a message id: the epoch of this process, and a number. */
	uint64_t epoch;
	uint64_t sequence; /* number of the last applied message */
	uint64_t step; /* to the next number: the loops of a server take numbers in turn */
	struct epochs epochs; /* the epochs before this one that the journal has */

	struct channel_log *log; /* borrowed; NULL: this server alone decides on the order */
	struct journal *journal; /* borrowed; must be set after channels_init */
	uint64_t ticket; /* of the last message that was appended to the journal */
	uint64_t durable; /* messages up to this ticket are stored or failed; set by callbacks */
	uint64_t tried; /* the value of `durable` when the waiting channels were published last */
	struct channel *dirty; /* channels to which a frame was appended in this tick */
	struct channel *waiting; /* channels with unpublished frames of earlier ticks */
	size_t pending_bytes; /* memory of the pending frames of all channels, about */

	/*
	 * The highest values of all channels that were freed, or are in the journal only. A new
	 * channel begins with them, because it may be one of these.
	 */
	struct {
		int64_t timestamp_ms; /* of their messages; Unix time */
		uint64_t dropped; /* history.dropped */
	} freed;
	/*
	 * Messages up to this number may be missing: the journal has removed some of unknown
	 * channels.
	 */
	uint64_t gap;

	struct {
		uint64_t channels, members; /* channels that were made; members that joined */
		uint64_t messages; /* that were posted; duplicates are not counted */
		uint64_t deliveries; /* the sum of the live members of each published message */
	} ever;
};

/*
 * A ticket says when a posted message is settled: published, or refused. Returns one such that all
 * messages that were posted until now are settled with it.
 */
static inline uint64_t
channels_last_ticket(const struct channels *channels)
{
	return channels->log ? channels->log->proposed : channels->ticket;
}

/* Returns the ticket of the last settled message: those before it are settled, too. */
static inline uint64_t
channels_settled(const struct channels *channels)
{
	return channels->log ? channels->log->answered : channels->durable;
}

/* ---- channel.c ---- */

/* Makes an empty set. The caller then sets journal, nonces, page_cache and watcher. */
void channels_init(struct channels *channels, const struct channels_limits *limits,
	struct clock *clock, uint64_t epoch);
void channels_free(struct channels *channels);

/* Returns the channel with this name, or NULL if there is none. */
struct channel *channels_get(const struct channels *channels, struct chat_span name);

/*
 * Returns the channel with this valid name, which is in use afterwards. Makes the channel if there
 * is none; if the limit of channels is reached, the idle channel that quotas_longest_idle() returns
 * is freed first. A caller that adds no member, visitor or user must call channel_release. Returns
 * NULL with server_full if too many channels are in use, in all or by this claimant.
 */
struct channel *channels_find(struct channels *channels, struct chat_span name,
	const struct claimant *claimant, struct chat_err *err);

/*
 * Frees idle channels and drops history and nonces above the limits, which have become lower. Call
 * it from time to time if that can happen.
 */
void channels_shed(struct channels *channels);

/*
 * To be called when a member, a visitor, a reader or a user has left the channel. If none of them
 * is left and no frame is pending, the channel becomes idle, or is freed if its history is empty. A
 * channel in the dirty or waiting list stays in use: channels_publish removes it from the list and
 * calls this again.
 */
void channel_release(struct channel *channel);

/* Adds the channel to the dirty list, for channels_publish at the end of this tick. */
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
 * Adds a published message to the history, and drops its oldest messages above limits.history_keep.
 * While all histories together exceed limits.history_bytes, one of the largest drops its oldest
 * message. It may be the history of any channel. An idle channel is freed when its last message is
 * dropped.
 */
void channel_history_add(struct channel *channel, const struct history_entry *entry);

/*
 * Puts messages from the journal before those in the history. Takes over `found` in any case.
 * dropped: history.dropped when the read began. removed: number of the newest message of the
 * channel that the journal has removed; messages up to it may be missing among those found. Does
 * nothing if the history has dropped messages since, because then messages would be missing
 * between, or if the history already has a message that was found.
 */
void channel_history_prepend(
	struct channel *channel, struct history *found, uint64_t dropped, uint64_t removed);

/* Drops messages, as channel_history_add does, if limits.history_bytes has become lower. */
void channels_fit_history(struct channels *channels);

/* Updates the channel's share of memory. To be called after the history was changed. */
void channel_history_account(struct channel *channel);

/*
 * Returns the number of the newest published message. If the history is empty, returns
 * history.dropped, a number that no published message of the channel exceeds.
 */
uint64_t channel_newest_number(const struct channel *channel);

/* Returns the memory that the histories of all channels take, in bytes. */
static inline size_t
channels_history_bytes(const struct channels *channels)
{
	return channels->history_memory.in_use.amount + channels->history_memory.idle.amount;
}

#endif
