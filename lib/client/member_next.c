/*
 * The events of a member. What comes from the membership is told message by message; then the
 * results of our own messages; then, if there is nothing, what may be sent is sent, and the
 * descriptor is told what to wait for.
 */
#include <stdlib.h>

#include "client/member_private.h"
#include "client/nonce.h"
#include "client/via.h"
#include "text/clock.h"
#include "text/err.h"
#include "text/json_strdup.h"

#define CLOSE_MS 500 /* for the closing handshake, after limit_ms */

/* Returns true if this member sent a message. */
static bool
is_own(const struct chat_member *member, const struct chat_msg *msg)
{
	struct nonce nonce;

	if (!chat_identity_owns(&member->membership.identity, msg))
		return false;
	if (chat_seen_has(&member->accepted_ids, &msg->value[CHAT_SLOT_ID]))
		return true;
	return chat_msg_has(msg, CHAT_SLOT_NONCE) &&
		chat_nonce_read(&nonce, &msg->value[CHAT_SLOT_NONCE]) &&
		chat_span_equal(nonce.prefix, chat_span_of(member->delivery.outbox.prefix));
}

/* Makes a message the event, with its id. */
static void
tell(struct chat_member *member, enum chat_event_type type, struct chat_span text,
	const struct chat_msg *msg)
{
	const struct chat_json_value *id = &msg->value[CHAT_SLOT_ID];
	char *at;

	member->event.type = type;
	member->event.text = text;
	member->event.msg = msg;
	if (!chat_msg_has(msg, CHAT_SLOT_ID))
		return;
	at = chat_buf_reserve(&member->id, id->raw.len);
	at[chat_json_unescape(id, at, id->raw.len)] = '\0'; /* raw is longer by two quotes */
	member->event.id = at;
}

bool
chat_member_tell_message(
	struct chat_member *member, struct chat_span text, const struct chat_msg *msg)
{
	const struct chat_json_value *id = &msg->value[CHAT_SLOT_ID];

	if (chat_seen_has(&member->seen, id))
		return false;
	chat_seen_add(&member->seen, id);
	chat_position_note(&member->membership.position, msg);
	tell(member, CHAT_EVENT_MESSAGE, text, msg);
	member->event.own = is_own(member, msg);
	member->event.hops = chat_via_hops(msg);
	return true;
}

/* Tells what the server said. own: it is about a message of ours, whose result is told later. */
static void
tell_received(struct chat_member *member, bool own)
{
	const struct membership_event *came = &member->came;

	switch (came->msg->type) {
	case CHAT_TYPE_MESSAGE:
		chat_member_tell_message(member, came->text, came->msg);
		break;
	case CHAT_TYPE_HISTORY:
		if (!member->past_done)
			chat_member_begin_past(member);
		else
			tell(member, CHAT_EVENT_OTHER, came->text, came->msg);
		break;
	case CHAT_TYPE_ERROR:
		if (!own)
			tell(member, CHAT_EVENT_OTHER, came->text, came->msg);
		break;
	default:
		tell(member, CHAT_EVENT_OTHER, came->text, came->msg);
	}
}

static void
tell_joined(struct chat_member *member)
{
	const struct membership_event *came = &member->came;

	member->past_done = false;
	member->event.type = CHAT_EVENT_JOINED;
	member->event.again = came->again;
	member->event.text = came->text;
	member->event.msg = came->msg;
	member->first_due =
		came->msg->type == CHAT_TYPE_MESSAGE || came->msg->type == CHAT_TYPE_HISTORY;
}

/* Takes an event of the membership. */
static void
take(struct chat_member *member)
{
	const struct membership_event *came = &member->came;
	enum outbox_result result =
		chat_delivery_take(&member->delivery, &member->membership, came);

	switch (came->what) {
	case MEMBERSHIP_JOIN:
		tell_joined(member);
		break;
	case MEMBERSHIP_MESSAGE:
		tell_received(member, result != OUTBOX_NOTHING);
		break;
	case MEMBERSHIP_CATCH_UP:
		chat_member_end_past(member);
		break;
	case MEMBERSHIP_LOST:
		member->event.type = CHAT_EVENT_LOST;
		member->event.retry_ms = came->retry_ms;
		member->event.err = came->err;
		break;
	case MEMBERSHIP_CLOSED:
	case MEMBERSHIP_END:
		member->ended = true;
		break;
	default:
		break;
	}
}

/* Makes a flag the event, and clears it. Returns false if it is not set. */
static bool
tell_due(struct chat_member *member, bool *due, enum chat_event_type type)
{
	if (!*due)
		return false;
	*due = false;
	member->event.type = type;
	return true;
}

/* Fills in why a message was refused, from the error of the server. */
static void
read_refusal(struct chat_member *member, const struct item *item)
{
	struct chat_err *err = &member->event.err;
	struct chat_msg *msg = &member->msg;
	char *code, *text;

	if (!item->receipt || chat_msg_read(msg, member->event.text, CHAT_FROM_SERVER, NULL) < 0) {
		chat_fail(err, CHAT_REFUSED, "it has been in this channel, by its via");
		return;
	}
	code = chat_json_strdup(&msg->value[CHAT_SLOT_CODE]);
	text = chat_json_strdup(&msg->value[CHAT_SLOT_MESSAGE]);
	chat_fail(err, chat_code_find(chat_span_of(code)), "%s: %s", code, text);
	free(code);
	free(text);
	member->event.msg = msg;
}

static void
tell_item(struct chat_member *member, const struct item *item)
{
	struct chat_span receipt = {item->receipt, item->receipt_len};

	member->event.tag = item->tag;
	switch (item->state) {
	case ITEM_ACCEPTED:
		chat_msg_read(&member->msg, receipt, CHAT_FROM_SERVER, NULL);
		tell(member, CHAT_EVENT_ACCEPTED, receipt, &member->msg);
		break;
	case ITEM_REFUSED:
	case ITEM_ILLEGAL:
	case ITEM_LOOPED:
		member->event.type = CHAT_EVENT_REFUSED;
		member->event.text = receipt;
		read_refusal(member, item);
		break;
	case ITEM_UNSENT:
		member->event.type = CHAT_EVENT_UNSENT;
		break;
	default:
		member->event.type = CHAT_EVENT_UNKNOWN;
		chat_fail(&member->event.err, CHAT_CONNECTION_LOST, "%s",
			item->why ? item->why : "the server has not said whether it took it");
	}
}

/* Tells the result of the next message of ours. Returns false if it is not known yet. */
static bool
tell_settled(struct chat_member *member)
{
	const struct item *item = chat_outbox_settled(&member->delivery.outbox);

	if (!item)
		return false;
	tell_item(member, item);
	member->item_told = true;
	return true;
}

static bool
tell_end(struct chat_member *member)
{
	if (!member->ended || member->end_told)
		return false;
	member->end_told = true;
	member->event.type = CHAT_EVENT_ENDED;
	if (!member->close.begun)
		member->event.err = member->came.err;
	return true;
}

/* Tells what is left of what came before. Returns false if nothing is. */
static bool
tell_rest(struct chat_member *member)
{
	if (member->first_due) {
		member->first_due = false;
		tell_received(member, false);
		if (member->event.type)
			return true;
	}
	if (tell_due(member, &member->gap_due, CHAT_EVENT_GAP) || chat_member_tell_past(member))
		return true;
	if (tell_due(member, &member->caught_up_due, CHAT_EVENT_CAUGHT_UP)) {
		member->event.again = member->membership.rejoined;
		return true;
	}
	return tell_settled(member) || tell_end(member);
}

/* Forgets the last event. */
static void
begin_event(struct chat_member *member)
{
	member->event = (struct chat_event){0};
	if (!member->item_told)
		return;
	member->item_told = false;
	chat_outbox_pop(&member->delivery.outbox);
}

/* Closes when all messages have their results, or the time is over. */
static void
close_when_done(struct chat_member *member)
{
	bool overdue = chat_now_ms() >= member->close.deadline_ms;

	if (!member->close.asked || member->ended)
		return;
	if (!overdue && !chat_outbox_empty(&member->delivery.outbox))
		return;
	member->close.begun = true;
	chat_membership_close(&member->membership, CLOSE_MS);
}

/* Tells the descriptor what to wait for. */
static void
await(struct chat_member *member)
{
	struct poll_set *waits = &member->waits;

	chat_poll_set_begin(waits);
	chat_membership_await(&member->membership, waits);
	chat_delivery_await(&member->delivery, &member->membership, waits);
	if (!member->ended && member->membership.state != MEMBERSHIP_CLOSING)
		chat_poll_set_until(waits, member->close.deadline_ms);
	chat_pollable_watch(&member->pollable, waits);
}

const struct chat_event *
chat_member_next(struct chat_member *member)
{
	begin_event(member);
	close_when_done(member);
	while (!tell_rest(member)) {
		chat_membership_next(&member->membership, &member->came);
		if (member->came.what == MEMBERSHIP_NOTHING)
			break;
		take(member);
		if (member->event.type)
			return &member->event;
	}
	if (member->event.type)
		return &member->event;
	chat_delivery_send(&member->delivery, &member->membership);
	if (tell_settled(member))
		return &member->event;
	await(member);
	return NULL;
}
