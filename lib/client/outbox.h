#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/msg.h"
#include "client/draft.h"
#include "client/identity.h"
#include "client/nonce.h"
#include "client/recent_hops.h"
#include "client/seen.h"
#include "client/via.h"
#include "text/buf.h"

/*
 * The messages on their way to the server, in the order of the input. A message stays until it is
 * settled, that is, its result is known, and the owner removes it. An outbox has no connection: the
 * delivery sends its messages, and passes the messages of the server to it.
 */

/* The signs that the server has accepted a message. */
enum ack {
	ACK_AUTO, /* not decided yet: nothing is sent */
	ACK_NONCE, /* the server sends a `message` with our nonce and our content */
	/*
	 * A plain server sends a `message` with our name and our text. An error of it counts for
	 * the oldest message in flight.
	 */
	ACK_ECHO,
	ACK_CLOSE /* the server answers our Close: it has read all that was sent before */
};

enum item_state {
	ITEM_WAITING, /* to be sent */
	ITEM_SENT, /* in flight: no answer came */
	/* Settled: */
	ITEM_ACCEPTED, /* receipt: the server's message */
	ITEM_REFUSED, /* receipt: the server's error */
	ITEM_ILLEGAL, /* receipt: our own error; it was not sent */
	ITEM_LOOPED, /* it was in this channel before; it was not sent */
	ITEM_PASSED, /* the server has read it, and tells no result */
	ITEM_UNKNOWN, /* it was sent, and may be accepted or not */
	ITEM_UNSENT
};

struct item {
	uint64_t line; /* of the input, from 1; 0: none */
	uint64_t tag; /* of the owner, for whom it means something */
	uint64_t number; /* in the order of the input, from 0; part of the nonce */
	enum item_state state;
	struct draft draft; /* owned */
	int64_t sent_ms; /* when it was sent first; 0: never */
	char *receipt; /* one line of JSON, not NUL-terminated; owned; NULL: there is none */
	size_t receipt_len;
	const char *why; /* ITEM_UNKNOWN: the reason, static; NULL: the server said nothing */
};

struct outbox {
	enum ack ack;
	char prefix[NONCE_PREFIX_LEN + 1]; /* of our nonces: random, of this process */

	/* The queue: */
	struct item *items; /* a ring: item `number` lies at number % cap */
	size_t cap; /* a power of two */
	uint64_t first, next; /* the number of the oldest item, and of the next one to be added */
	uint64_t unsent; /* no item before this number is ITEM_WAITING */
	uint64_t sent_end; /* no item from this number on is ITEM_SENT */
	size_t bytes; /* of bodies and receipts */

	/* Flow control: */
	size_t in_flight; /* the number of items in ITEM_SENT */
	struct {
		size_t most; /* messages that may be in flight */
		size_t allowed; /* the current limit: it grows up to most, and falls after a loss */
		bool slowed; /* the server said "slower": one at a time, which keeps the order */
		int64_t pause_until_ms; /* nothing is sent before this time; 0: no pause */
		int64_t barred_ms; /* since when it only says "slower"; 0: it settles messages */
	} window;
	uint16_t *nonces; /* by hash: how many nonces of the user are in flight; NULL: none yet */
	bool blocked; /* the next message waits: one with the same nonce is in flight */

	/* The channel and its server, set by the delivery before anything is sent: */
	const struct identity *identity; /* who we are there; borrowed */
	const struct via_here *here; /* the names of the channel; borrowed */
	struct {
		size_t max_message_bytes; /* we refuse a longer message; 0: not known */
		bool copies_reply_to; /* its messages have our replyTo */
		bool echoed; /* a message of ours came back */
	} server;
	struct recent_hops recent_hops; /* hops of the messages that came, which may be answered */
	struct seen
		*accepted_ids; /* gets the ids of accepted messages; borrowed; NULL: nobody asks */
};

/* ---- outbox_queue.c ---- */

/* Begins an empty outbox. identity is borrowed; window is the number of messages in flight. */
void chat_outbox_init(struct outbox *outbox, const struct identity *identity, size_t window);
void chat_outbox_free(struct outbox *outbox);

static inline bool
chat_outbox_empty(const struct outbox *outbox)
{
	return outbox->first == outbox->next;
}

/* Returns true if another message may be added. */
bool chat_outbox_has_room(const struct outbox *outbox);

/* Returns true if a message waits to be sent. */
bool chat_outbox_waiting(const struct outbox *outbox);

/* Adds a message and takes over the draft. */
void chat_outbox_add(struct outbox *outbox, uint64_t line, struct draft *draft);

/* Sets the tag of the last item that was added. */
void chat_outbox_tag(struct outbox *outbox, uint64_t tag);

/* Adds a message that counts as accepted and is not sent. Takes over the draft. */
void chat_outbox_add_settled(struct outbox *outbox, uint64_t line, struct draft *draft);

/*
 * Adds a line that cannot be sent, so that its receipt comes in order. why: code, field and text.
 */
void chat_outbox_add_illegal(struct outbox *outbox, uint64_t line, const struct chat_err *why);

/* Returns the oldest item if it is settled, else NULL. chat_outbox_pop() removes and frees it. */
const struct item *chat_outbox_settled(const struct outbox *outbox);
void chat_outbox_pop(struct outbox *outbox);

/* ---- outbox_send.c ---- */

/*
 * Appends the next message that may be sent now to wire and marks it as sent. Returns 1, or 0 if
 * there is none. Call it only while a connection is joined.
 */
int chat_outbox_send_next(struct outbox *outbox, int64_t now_ms, struct chat_buf *wire);

/*
 * Returns the time when chat_outbox_send_next() has a message even if nothing is received, or
 * INT64_MAX.
 */
int64_t chat_outbox_wake_ms(const struct outbox *outbox);

/*
 * Returns the time since which the server settles no message but says "slower", or 0 if it settles
 * messages. Sets *until_ms to the end of the pause that it asked for.
 */
int64_t chat_outbox_barred_ms(const struct outbox *outbox, int64_t *until_ms);

/* ---- outbox_receive.c ---- */

enum outbox_result {
	OUTBOX_NOTHING, /* it is about no message of the outbox */
	OUTBOX_OURS, /* it is about one of them */
	OUTBOX_ACCEPTED /* it is one of them, as the server made it */
};

/*
 * Takes a `message` or an `error` of the server. The caller passes the messages of a history one by
 * one. text is the line of msg.
 */
enum outbox_result chat_outbox_receive(
	struct outbox *outbox, const struct chat_msg *msg, struct chat_span text, int64_t now_ms);

/* ---- outbox_settle.c ---- */

/* The server answered our Close, so it has read all that was sent. */
void chat_outbox_closed(struct outbox *outbox);

/*
 * Call it when another connection has joined after a loss, and its history was passed to
 * chat_outbox_receive(). Without ACK_NONCE all messages in flight become unknown. With it they are
 * sent again if complete is true: the history has every message, so those that were not in it were
 * not accepted. If complete is false, the messages whose nonces the server may have forgotten
 * become unknown: old ones, or all if forgetful is true. The others are sent again.
 */
void chat_outbox_rejoined(struct outbox *outbox, bool complete, bool forgetful, int64_t now_ms);

/* The connection is lost: the next one gets fewer messages at once. */
void chat_outbox_lost(struct outbox *outbox);

/*
 * Returns true if the server may soon forget the nonce of the oldest message in flight.
 */
bool chat_outbox_needs_history(const struct outbox *outbox, int64_t now_ms);

/* Gives up: messages in flight become unknown, waiting ones unsent. */
void chat_outbox_give_up(struct outbox *outbox);

/* Raises the window to at least this size, and allows all of it at once. */
void chat_outbox_widen(struct outbox *outbox, size_t window);

#endif
