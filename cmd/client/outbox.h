#ifndef CLIENT_OUTBOX_H
#define CLIENT_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/msg.h"
#include "client/draft.h"
#include "client/identity.h"
#include "client/lineage.h"
#include "client/nonce.h"
#include "client/seen.h"
#include "client/via.h"

/*
 * The messages on their way to the server, in input order, each until it is known what became of
 * it and that was told. It knows no connection: what is to be sent is taken from it, what comes is
 * shown to it.
 *
 * How a message is known to be accepted:
 *   by nonce    the server copies it into the `message` (or into the `error`) it makes of ours;
 *               a message that does not say what ours does is none of ours
 *   by echo     a plain server: a message of our name with our text; an error is about the oldest
 *   by close    the server answered our Close, so it had read all that was before it
 */
enum ack {
	ACK_AUTO, /* not known yet: nothing is sent */
	ACK_NONCE,
	ACK_ECHO,
	ACK_CLOSE
};

enum item_state {
	ITEM_WAITING,
	ITEM_SENT,
	ITEM_ACCEPTED, /* receipt: the server's message */
	ITEM_REFUSED, /* receipt: the server's error */
	ITEM_ILLEGAL, /* receipt: our own error; never sent */
	ITEM_LOOPED, /* it has been in this channel before; never sent */
	ITEM_PASSED, /* read by a server that tells nothing about it */
	ITEM_UNKNOWN, /* sent; accepted or not */
	ITEM_UNSENT
};

struct item {
	uint64_t line; /* of the input; 0: none */
	uint64_t number; /* in the order of the input, from 0; part of the nonce */
	enum item_state state;
	struct draft draft;
	int64_t sent_ms; /* first; 0: never */
	char *receipt; /* one line of JSON, owned; NULL where there is none */
	size_t receipt_len;
	const char *why; /* of ITEM_UNKNOWN, static; NULL: nothing was heard */
};

struct outbox {
	enum ack ack;
	const struct identity *identity;
	char prefix[NONCE_PREFIX_LEN + 1]; /* of this process, random */
	struct item *items; /* a ring; item `number` is at number % cap */
	size_t cap; /* a power of two */
	uint64_t first, next; /* numbers: the oldest that is kept, the next to be added */
	uint64_t unsent; /* nothing before it is waiting */
	size_t window; /* messages that may be unacknowledged */
	size_t allowed; /* of them now: grows to the window, falls when the server says slower */
	size_t in_flight; /* in ITEM_SENT */
	uint16_t *nonces; /* of the user, in flight: how many of each hash; NULL: there were none */
	bool blocked; /* the next one has a nonce that is in flight: one after the other */
	size_t bytes; /* of bodies and receipts */
	size_t max_message_bytes; /* a longer one is refused here; 0: no limit is known */
	int64_t pause_until_ms;
	bool slowed; /* the server said slower: one at a time, so that order is kept */
	int64_t barred_ms; /* since when it says nothing else; 0: it settles messages */
	bool echoed; /* a message of ours came back on this connection */
	bool copies_reply_to; /* the server says that it does */
	struct lineage lineage; /* of what was heard, and may be answered */
	const struct via_here *here; /* the channel; borrowed; set before anything is sent */
	struct seen *said; /* gets the ids of what was accepted; borrowed; NULL: nobody asks */
};

void outbox_init(struct outbox *outbox, const struct identity *identity, size_t window);
void outbox_free(struct outbox *outbox);

/* Whether another message may be added. */
bool outbox_has_room(const struct outbox *outbox);
static inline bool
outbox_empty(const struct outbox *outbox)
{
	return outbox->first == outbox->next;
}

/* Whether something waits to be sent. */
bool outbox_waiting(const struct outbox *outbox);

/* Makes the window at least so large, at once. */
void outbox_widen(struct outbox *outbox, size_t window);

/* Adds a message, taking over the draft. */
void outbox_add(struct outbox *outbox, uint64_t line, struct draft *draft);

/* Adds what is not to be sent, and counts as accepted when its turn comes. Takes over the draft. */
void outbox_add_settled(struct outbox *outbox, uint64_t line, struct draft *draft);

/* Adds what cannot be sent, so that its receipt comes in its place. why: code, field, text. */
void outbox_add_illegal(struct outbox *outbox, uint64_t line, const struct chat_err *why);

/*
 * The next message to be sent now: appended to wire, marked as sent, and 1; 0: none.
 * Call only while a connection is joined.
 */
int outbox_send_next(struct outbox *outbox, int64_t now_ms, struct chat_buf *wire);

/* When outbox_send_next will have something without anything coming, INT64_MAX: never. */
int64_t outbox_wake_ms(const struct outbox *outbox);

/* Since when the server only says slower, and how long at least it will; 0, where it is not so. */
int64_t outbox_barred_ms(const struct outbox *outbox, int64_t *until_ms);

enum outbox_heard {
	OUTBOX_NOTHING, /* it was about none of these */
	OUTBOX_OURS,
	OUTBOX_ACCEPTED /* it is what the server made of one of these */
};

/*
 * Shows it what the server said (a `message`, an `error`; `history` message by message). text is
 * the whole line.
 */
enum outbox_heard outbox_receive(
	struct outbox *outbox, const struct chat_msg *msg, struct chat_span text, int64_t now_ms);

/* The server answered our Close: all that was sent was read. */
void outbox_closed(struct outbox *outbox);

/*
 * After a lost connection another one is joined, and its history was shown. With nonces everything
 * unacknowledged is sent again, but for what the server may have forgotten by now, or all of it
 * where it is forgetful: sent again that could be said twice. Where the history is complete nothing
 * is in doubt: what was not in it was not accepted. By echo and close it stays unknown.
 */
void outbox_rejoined(struct outbox *outbox, bool complete, bool forgetful, int64_t now_ms);

/* The connection is lost: the next one gets fewer messages at once. */
void outbox_lost(struct outbox *outbox);

/* Whether the server may soon have forgotten a nonce: its history is needed at the next joining. */
bool outbox_needs_history(const struct outbox *outbox, int64_t now_ms);

/* The end: what is sent becomes unknown, what is waiting unsent. */
void outbox_give_up(struct outbox *outbox);

/*
 * The oldest item when it is settled (neither waiting nor sent), else NULL; outbox_pop removes it.
 */
const struct item *outbox_settled(const struct outbox *outbox);
void outbox_pop(struct outbox *outbox);

/*
 * Between the files of an outbox.
 */
static inline struct item *
outbox_item(const struct outbox *outbox, uint64_t number)
{
	return &outbox->items[number & (outbox->cap - 1)];
}

struct item *outbox_oldest_sent(const struct outbox *outbox);

/* One in flight gets another state. */
void outbox_land(struct outbox *outbox, struct item *item, enum item_state state);

/* The same for good; text is what came about it, on one line. */
void outbox_settle(
	struct outbox *outbox, struct item *item, enum item_state state, struct chat_span text);

/* The receipt of an item that ends here: json, and where its line is known that. */
void outbox_receipt(struct outbox *outbox, struct item *item, struct chat_span json);

#endif
