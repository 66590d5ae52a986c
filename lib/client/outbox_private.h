#ifndef CLIENT_OUTBOX_PRIVATE_H
#define CLIENT_OUTBOX_PRIVATE_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "client/outbox.h"

/* Shared by the files outbox_*.c alone. */

static inline struct item *
chat_outbox_item(const struct outbox *outbox, uint64_t number)
{
	return &outbox->items[number & (outbox->cap - 1)];
}

/* ---- outbox_queue.c ---- */

/* Sets the receipt of an item: json, with the number of its line if it has one. */
void chat_outbox_receipt(struct outbox *outbox, struct item *item, struct chat_span json);

/* Sets the receipt of an item to an error of our own, in the form of the server's. */
void chat_outbox_receipt_error(
	struct outbox *outbox, struct item *item, const struct chat_err *why);

/* ---- outbox_send.c ---- */

/*
 * Returns the counter of the items in flight with a nonce of the user that has the same hash as the
 * nonce of this item.
 */
uint16_t *chat_outbox_nonce_count(struct outbox *outbox, const struct item *item);

/* ---- outbox_settle.c ---- */

/* Returns the oldest item in flight, or NULL. */
struct item *chat_outbox_oldest_sent(const struct outbox *outbox);

/* Gives an item in flight another state. */
void chat_outbox_land(struct outbox *outbox, struct item *item, enum item_state state);

/* Settles an item in flight. text is the line of the server about it; empty: there was none. */
void chat_outbox_settle(
	struct outbox *outbox, struct item *item, enum item_state state, struct chat_span text);

#endif
