/* Finds the message of the outbox that a message of the server is about, and settles it. */
#include "client/outbox_private.h"

#include "client/match.h"
#include "client/nonce.h"

#define RETRY_AFTER_MS 1000 /* if the server says "slower" without retryAfter */
#define RETRY_AFTER_MOST_MS 600000 /* the longest retryAfter that is obeyed */

/* Reads the number in a nonce. Returns false if this outbox did not make the nonce. */
static bool
read_number(const struct outbox *outbox, const struct chat_json_value *value, uint64_t *number)
{
	struct nonce nonce;

	if (!chat_nonce_read(&nonce, value) ||
		!chat_span_equal(nonce.prefix, chat_span_of(outbox->prefix)))
		return false;
	*number = nonce.number;
	return true;
}

/* Returns the item in flight with this nonce, or NULL. */
static struct item *
find_by_nonce(const struct outbox *outbox, const struct chat_json_value *nonce)
{
	struct item *item;
	uint64_t number;

	if (read_number(outbox, nonce, &number)) {
		if (number < outbox->first || number >= outbox->next)
			return NULL;
		item = chat_outbox_item(outbox, number);
		return item->state == ITEM_SENT && !item->draft.has_nonce ? item : NULL;
	}
	for (uint64_t n = outbox->first; n != outbox->sent_end; n++) {
		item = chat_outbox_item(outbox, n);
		if (item->state == ITEM_SENT && item->draft.has_nonce &&
			chat_match_string(&item->draft.nonce, nonce))
			return item;
	}
	return NULL;
}

/*
 * Returns the oldest item in flight that a message of a plain server may be the echo of, or NULL.
 */
static struct item *
find_by_echo(const struct outbox *outbox, const struct chat_msg *msg)
{
	struct item *item;

	for (uint64_t n = outbox->first; n != outbox->sent_end; n++) {
		item = chat_outbox_item(outbox, n);
		if (item->state == ITEM_SENT && chat_match_echo(&item->draft, msg))
			return item;
	}
	return NULL;
}

static enum outbox_result
receive_message(struct outbox *outbox, const struct chat_msg *msg, struct chat_span text)
{
	struct item *item = NULL;

	if (!chat_identity_owns(outbox->identity, msg))
		return OUTBOX_NOTHING;
	if (chat_msg_has(msg, CHAT_SLOT_NONCE))
		item = find_by_nonce(outbox, &msg->value[CHAT_SLOT_NONCE]);
	else if (outbox->ack == ACK_ECHO || outbox->ack == ACK_CLOSE)
		item = find_by_echo(outbox, msg);
	if (!item)
		return OUTBOX_NOTHING;
	if (chat_msg_has(msg, CHAT_SLOT_NONCE) &&
		!chat_match_message(&item->draft, msg, outbox->server.copies_reply_to)) {
		chat_outbox_settle(outbox, item, ITEM_UNKNOWN, (struct chat_span){0});
		item->why = "the server's answer is not what was said";
		return OUTBOX_OURS;
	}
	outbox->server.echoed = true;
	if (outbox->accepted_ids)
		chat_seen_add(outbox->accepted_ids, &msg->value[CHAT_SLOT_ID]);
	chat_outbox_settle(outbox, item, ITEM_ACCEPTED, text);
	return OUTBOX_ACCEPTED;
}

/* Queues a refused message again; after the pause messages are sent one at a time. */
static void
try_again(struct outbox *outbox, struct item *item, int64_t after_ms, int64_t now_ms)
{
	chat_outbox_land(outbox, item, ITEM_WAITING);
	outbox->window.slowed = true;
	if (outbox->window.barred_ms == 0)
		outbox->window.barred_ms = now_ms;
	outbox->window.allowed = 1;
	if (item->number < outbox->unsent)
		outbox->unsent = item->number;
	if (after_ms < 1)
		after_ms = 1;
	if (after_ms > RETRY_AFTER_MOST_MS)
		after_ms = RETRY_AFTER_MOST_MS;
	if (outbox->window.pause_until_ms < now_ms + after_ms)
		outbox->window.pause_until_ms = now_ms + after_ms;
}

static enum outbox_result
receive_error(
	struct outbox *outbox, const struct chat_msg *msg, struct chat_span text, int64_t now_ms)
{
	struct item *item = NULL;
	int64_t after_ms = RETRY_AFTER_MS;
	bool later = chat_msg_has(msg, CHAT_SLOT_RETRY_AFTER);

	if (chat_msg_has(msg, CHAT_SLOT_NONCE))
		item = find_by_nonce(outbox, &msg->value[CHAT_SLOT_NONCE]);
	else if (outbox->ack == ACK_ECHO)
		item = chat_outbox_oldest_sent(outbox);
	if (!item)
		return OUTBOX_NOTHING;
	if (later)
		chat_json_int64(msg->value[CHAT_SLOT_RETRY_AFTER].raw, &after_ms);
	later |= chat_json_string_is(&msg->value[CHAT_SLOT_CODE], CHAT_SPAN("rate_limited"));
	if (later)
		try_again(outbox, item, after_ms, now_ms);
	else
		chat_outbox_settle(outbox, item, ITEM_REFUSED, text);
	return OUTBOX_OURS;
}

enum outbox_result
chat_outbox_receive(
	struct outbox *outbox, const struct chat_msg *msg, struct chat_span text, int64_t now_ms)
{
	if (outbox->in_flight == 0)
		return OUTBOX_NOTHING;
	if (msg->type == CHAT_TYPE_MESSAGE)
		return receive_message(outbox, msg, text);
	if (msg->type == CHAT_TYPE_ERROR)
		return receive_error(outbox, msg, text, now_ms);
	return OUTBOX_NOTHING;
}
