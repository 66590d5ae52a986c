#ifndef SERVE_CHANNEL_CHANNEL_H
#define SERVE_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/url.h"
#include "serve/channel/nonces.h"
#include "serve/channel/presence.h"
#include "serve/channel/quota.h"
#include "serve/channel/roster.h"
#include "serve/frame/encode.h"
#include "serve/frame/history.h"
#include "serve/frame/page_cache.h"
#include "serve/journal/epochs.h"
#include "serve/journal/journal.h"
#include "serve/net/conn.h"
#include "serve/util/clock.h"
#include "serve/util/holders.h"
#include "text/hash.h"

/*
 * A channel: its members, the order of its messages, presence, history.
 *
 * What is said in a channel is appended to the block of this tick (`pending`) and handed to the
 * journal. Once the journal has it, the channel publishes: every live member's connection gets the
 * block as one run, the history remembers its messages, the watchers see them. Until then nobody
 * has seen it, and the last `history` of a newcomer, who is live from then on, ends just where the
 * pending begins: no gap, no repeat.
 */
struct member {
	struct conn *conn;
	struct channel *channel; /* NULL: not joined */
	struct user *user;
	struct member *next, *prev; /* in channel->members, in the order of their coming */
	uint64_t skip; /* position in the channel's stream of the one frame it is not to get */
	uint64_t serial : 63; /* no other member ever has it; ascending; not 0 */
	bool hidden : 1;
	struct member_catchup
		*catchup; /* what it is sent before it is live (channel/since.h); NULL: it is */
};

#define MEMBER_SKIPS_NOTHING UINT64_MAX

/* A message that was said and is not published yet. */
struct pending {
	struct entry entry; /* its block is one of channel->blocks (no reference here) */
	uint64_t ticket; /* the journal's */
	struct nonce *nonce; /* NULL: it had none */
	uint64_t sender; /* serial of the member who is told if it comes to nothing; 0: nobody.
			    Where there is a nonce, nonce_senders() says who are. */
};

/* What it takes beside its frame: a place in a list that grows, and a nonce. */
#define PENDING_BYTES (2 * sizeof(struct pending) + 192)

struct pending_block {
	struct block *block;
	uint64_t ticket; /* of the last message before its end */
};

struct channel {
	UT_hash_handle hh;
	struct channels *channels;
	struct channel *next_dirty,
		*next_waiting; /* in channels->dirty, ->waiting; itself: not in it */
	struct member *members; /* utlist */
	size_t count;
	size_t live; /* of them */
	size_t visitors; /* connections that have come here and not joined yet */
	struct roster roster;
	struct history history;
	uint64_t gap; /* between those that it remembers some up to this number were removed */
	struct holder holder; /* of the memory for histories */
	struct slot slot; /* whose channel it is, and whether it is idle */
	struct pending_block *blocks;
	struct pending *pending;
	uint32_t block_count, block_cap, pending_count, pending_cap;
	uint64_t published; /* bytes of its stream, ever */
	uint64_t sealed; /* the same, with those that wait in blocks that do not grow any more */
	uint64_t announced; /* userStatus, ever */
	uint64_t changes; /* of who is there, ever, announced or not */
	uint64_t number; /* no other channel ever has it */
	int64_t timestamp_ms; /* of the last message */
	uint32_t readers; /* what is read from the journal: the history waits for it */
	bool recalled; /* the journal was asked for its newest messages */
	bool open; /* blocks' last one still grows */
	bool crowded; /* and its members know */
	uint16_t name_len;
	char name[CHAT_CHANNEL_MAX + 1];
};

/* Its name, which lives as long as the channel. */
static inline struct chat_span
channel_name(const struct channel *channel)
{
	return (struct chat_span){channel->name, channel->name_len};
}

struct channels_limits {
	size_t channels;
	size_t members; /* per channel */
	size_t leavers; /* of all channels; beyond it the first is offline early */
	size_t crowd; /* above so many members joins are not announced */
	uint32_t history_replay; /* messages */
	size_t history_replay_bytes;
	size_t page_message_bytes; /* a larger one comes in the past without its file's data */
	uint32_t history_keep; /* messages per channel */
	size_t history_bytes; /* of all channels */
	size_t max_message_bytes; /* told to newcomers */
	int64_t grace_ms; /* before a user who left is said to be offline */
};

/* Someone who sees every event of every channel: the server's stdout. */
struct watcher {
	void (*saw)(void *arg, struct chat_span line);
	void *arg;
};

/* All channels of a server, and what they share. */
struct channels {
	struct channel *by_channel;
	struct channel *dirty; /* those in which something was said or announced in this turn */
	struct channel *waiting; /* those in which something of earlier turns is not published */
	struct channels_limits limits;
	struct journal *journal;
	struct epochs epochs; /* of the journal, before this server's */
	struct nonces nonces;
	struct page_cache page_cache; /* that newcomers are sent */
	struct watcher watcher;
	int64_t timestamp_ms; /* of the last message in a channel that is to be made */
	uint64_t epoch; /* first part of every message id */
	uint64_t sequence; /* second part: of the last message */
	uint64_t ticket; /* of the last append */
	uint64_t channels_made, members_made; /* ever */
	uint64_t forgotten; /* the newest message that a channel had forgotten when it was */
	uint64_t gap; /* of which channels messages up to this number are missing is not known */
	size_t count;
	struct holders history, idle_history; /* bytes of channels in use, and of idle ones */
	struct quotas quotas;
	size_t pending_bytes; /* of memory for what is not published, about */
	struct leaver *leavers; /* utlist: those of all channels, by due time */
	size_t leaver_count;
	uint64_t messages; /* ever */
	uint64_t deliveries; /* ever: messages times members */
	uint64_t durable; /* what the journal keeps: everything up to this ticket */
	uint64_t tried; /* what it kept when the waiting ones were looked at */
	struct clock *clock;
};

void channels_init(struct channels *channels, const struct channels_limits *limits,
	struct clock *clock, uint64_t epoch);
void channels_free(struct channels *channels);

/* Whether a channel has a channel by now. */
bool channels_have(const struct channels *channels, struct chat_span name);

/*
 * The channel of a valid channel, in use from now on; it is made if it is new, and for it the
 * longest idle one is forgotten where there are too many. Whoever does nothing with it calls
 * channel_forget. NULL with server_full: too many are in use, or too many by this asker.
 */
struct channel *channels_find(struct channels *channels, struct chat_span name,
	const struct claimant *claimant, struct chat_err *err);

/* Ends a tick: publishes what the journal keeps (channels->durable). */
void channels_publish(struct channels *channels);

/*
 * What is pending up to this ticket will never be kept: nobody sees it, its senders are told
 * (storage_failed), and it may be said again.
 */
void channels_refuse(struct channels *channels, uint64_t ticket);

/*
 * Somebody has let go of a channel. If it is empty by now it becomes idle, or is freed where
 * nothing is remembered. One that is dirty or waiting is left alone: channels_publish takes it off
 * that list and asks again.
 */
void channel_forget(struct channel *channel);

/*
 * Its history has one more message. Where that is too much for all histories together, one of those
 * that take most forgets its oldest: this one, another one in use, or an idle one, which is freed
 * with its last message.
 */
void channel_remember(struct channel *channel, const struct entry *entry);

/*
 * Puts messages before those that it remembers. `found` is taken over. forgotten: its history's
 * when they were asked for. Where it has forgotten more since, there would be a hole, and where it
 * has them there would be two: then nothing is done. removed: the number of the newest message that
 * the journal has removed, which may have been between those found.
 */
void channel_recall(
	struct channel *channel, struct history *found, uint64_t forgotten, uint64_t removed);

static inline size_t
channels_history_bytes(const struct channels *channels)
{
	return channels->history.amount + channels->idle_history.amount;
}

/* Says that a user came or went. Returns where in the channel's stream. */
uint64_t channel_announce(struct channel *channel, const struct user *user, bool online);

/* Says that from now on single users are not announced: no list of users is whole any more. */
uint64_t channel_announce_crowd(struct channel *channel);

struct channel_post {
	struct user *user;
	struct member *member; /* who gets the first message again; NULL: nobody */
	uint64_t owner; /* of the memory that its nonce takes: nonces.h */
	struct chat_span content_json;
	struct chat_span nonce_json; /* length 0: none */
	struct chat_span nonce; /* decoded, in nonce_bytes */
	struct chat_span reply_to_json;
	struct chat_span via_json;
	int64_t hops;
	struct chat_span file_name_json, file_type_json, file_size_json, file_data_json;
	char nonce_bytes[NONCE_MAX];
};

/* Fills in what a text, a file or a message says (from content_json on), as spans of it. */
void channel_post_fill(struct channel_post *post, const struct chat_msg *msg);

/* A number for all of that but the nonce and the way it came, however its strings are escaped. */
uint64_t channel_post_digest(const struct channel_post *post);

/*
 * A message to everyone in the channel, or, for a nonce that was there before, that one again. -1,
 * with nothing said, where the message with that nonce said something else: nonce_reused.
 */
int channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err);

#endif
