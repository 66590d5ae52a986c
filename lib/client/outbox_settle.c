/*
 * The end of the messages in flight: they are settled, or sent again after a lost connection.
 * This decides the exit status of chat-send.
 */
#include "client/outbox_private.h"

#define LEAST_ALLOWED 8 /* messages in flight, however often the connection was lost */
#define FORGOTTEN_MS 270000 /* servers remember nonces for 5 minutes; 30 seconds are for safety */

struct item *
chat_outbox_oldest_sent(const struct outbox *outbox)
{
	for (uint64_t n = outbox->first; n != outbox->sent_end; n++)
		if (chat_outbox_item(outbox, n)->state == ITEM_SENT)
			return chat_outbox_item(outbox, n);
	return NULL;
}

void
chat_outbox_settle(
	struct outbox *outbox, struct item *item, enum item_state state, struct chat_span text)
{
	chat_outbox_land(outbox, item, state);
	outbox->window.barred_ms = 0;
	if (state == ITEM_REFUSED) {
		chat_outbox_receipt(outbox, item, text);
	} else if (text.len > 0) {
		item->receipt = chat_strndup(text.at, text.len);
		item->receipt_len = text.len;
		outbox->bytes += text.len;
	}
	if (!outbox->window.slowed && outbox->window.allowed < outbox->window.most)
		outbox->window.allowed++;
}

void
chat_outbox_land(struct outbox *outbox, struct item *item, enum item_state state)
{
	item->state = state;
	outbox->in_flight--;
	outbox->blocked = false;
	if (item->draft.has_nonce)
		--*chat_outbox_nonce_count(outbox, item);
}

/* Settles every message in flight. */
static void
settle_sent(struct outbox *outbox, enum item_state state)
{
	for (uint64_t n = outbox->first; n != outbox->next; n++)
		if (chat_outbox_item(outbox, n)->state == ITEM_SENT)
			chat_outbox_settle(
				outbox, chat_outbox_item(outbox, n), state, (struct chat_span){0});
}

void
chat_outbox_closed(struct outbox *outbox)
{
	settle_sent(outbox, ITEM_PASSED);
}

/* Queues the messages in flight again; those that the server might store twice become unknown. */
static void
send_again(struct outbox *outbox, bool complete, bool forgetful, int64_t now_ms)
{
	struct item *item;

	for (uint64_t n = outbox->first; n != outbox->sent_end; n++) {
		item = chat_outbox_item(outbox, n);
		if (item->state != ITEM_SENT)
			continue;
		if (!complete && (forgetful || now_ms - item->sent_ms > FORGOTTEN_MS)) {
			chat_outbox_settle(outbox, item, ITEM_UNKNOWN, (struct chat_span){0});
			continue;
		}
		chat_outbox_land(outbox, item, ITEM_WAITING);
	}
	outbox->unsent = outbox->sent_end = outbox->first;
}

void
chat_outbox_rejoined(struct outbox *outbox, bool complete, bool forgetful, int64_t now_ms)
{
	outbox->window.pause_until_ms = 0;
	if (outbox->ack == ACK_NONCE)
		send_again(outbox, complete, forgetful, now_ms);
	else
		settle_sent(outbox, ITEM_UNKNOWN);
}

void
chat_outbox_lost(struct outbox *outbox)
{
	if (outbox->ack == ACK_CLOSE)
		return;
	outbox->window.allowed /= 2;
	if (outbox->window.allowed < LEAST_ALLOWED)
		outbox->window.allowed =
			outbox->window.most < LEAST_ALLOWED ? outbox->window.most : LEAST_ALLOWED;
	if (outbox->window.slowed)
		outbox->window.allowed = 1;
}

bool
chat_outbox_needs_history(const struct outbox *outbox, int64_t now_ms)
{
	const struct item *oldest = chat_outbox_oldest_sent(outbox);

	return oldest && now_ms - oldest->sent_ms > FORGOTTEN_MS / 2;
}

void
chat_outbox_give_up(struct outbox *outbox)
{
	settle_sent(outbox, ITEM_UNKNOWN);
	for (uint64_t n = outbox->first; n != outbox->next; n++)
		if (chat_outbox_item(outbox, n)->state == ITEM_WAITING)
			chat_outbox_item(outbox, n)->state = ITEM_UNSENT;
}

void
chat_outbox_widen(struct outbox *outbox, size_t window)
{
	if (outbox->window.most < window)
		outbox->window.most = window;
	outbox->window.allowed = outbox->window.most;
	outbox->window.slowed = false;
}
