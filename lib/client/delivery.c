/*
 * Between the outbox, which knows no connection, and the membership, which does not know which
 * messages are settled.
 */
#include "client/delivery.h"

#include "client/history_reader.h"
#include "text/clock.h"

/*
 * A client that only sends needs no history, but the server sends one. If this many messages or
 * fewer are in flight, the history after the last message is shorter than the usual one, and has
 * them.
 */
#define SHORT_HISTORY 32

void
chat_delivery_init(
	struct delivery *delivery, const struct identity *identity, size_t window, enum ack ack)
{
	*delivery = (struct delivery){.ack = ack};
	chat_outbox_init(&delivery->outbox, identity, window);
}

void
chat_delivery_free(struct delivery *delivery)
{
	chat_outbox_free(&delivery->outbox);
	chat_buf_free(&delivery->wire);
}

void
chat_delivery_set_ack(struct delivery *delivery, enum ack ack)
{
	delivery->outbox.ack = ack;
	if (ack == ACK_CLOSE)
		chat_outbox_widen(&delivery->outbox, DELIVERY_BARRIER_WINDOW);
}

/*
 * The server is another process than before. A message that is not in its history may never have
 * come to it, or be forgotten. So its history must begin at our position: the membership joins
 * again.
 */
static void
meet_new_instance(struct delivery *delivery, struct membership *membership)
{
	delivery->forgetful = true;
	if (membership->options.resumes || !*chat_position_id(&membership->position))
		return;
	membership->options.resumes = true;
	chat_membership_rejoin(membership);
}

static void
joined(struct delivery *delivery, struct membership *membership, bool again)
{
	const struct server_info *server = &membership->server;
	enum ack ack = delivery->ack;

	if (ack == ACK_AUTO)
		ack = server->nonces ? ACK_NONCE : ACK_ECHO;
	chat_delivery_set_ack(delivery, ack);
	delivery->outbox.server.max_message_bytes = server->max_message_bytes;
	delivery->outbox.server.copies_reply_to = server->reply_to;
	delivery->outbox.here = &membership->here;
	delivery->outbox.identity = &membership->identity;
	delivery->resending = again && delivery->outbox.in_flight > 0;
	if (delivery->resending && delivery->instance != server->instance)
		meet_new_instance(delivery, membership);
	else if (!delivery->resending)
		delivery->instance = server->instance;
}

/*
 * After a loss the messages in flight are sent again. So are those that were sent while the past
 * came, if a part of it is missing: they may be in that part, and then they do not come as echoes.
 * The server answers them by their nonces.
 */
static void
caught_up(struct delivery *delivery, const struct membership_event *event, uint64_t instance)
{
	bool missed = event->gap && delivery->outbox.ack == ACK_NONCE;

	if (delivery->resending || missed)
		chat_outbox_rejoined(
			&delivery->outbox, event->complete, delivery->forgetful, chat_now_ms());
	delivery->instance = instance;
	delivery->resending = delivery->forgetful = false;
}

static void
lost(struct delivery *delivery, struct membership *membership)
{
	chat_outbox_lost(&delivery->outbox);
	if (delivery->listens)
		return;
	membership->options.resumes = delivery->forgetful ||
		chat_outbox_needs_history(&delivery->outbox, chat_now_ms()) ||
		delivery->outbox.in_flight <= SHORT_HISTORY;
}

/*
 * Shows the outbox the messages of a history. With nonces each of them can be told from others. By
 * echo only those after the last message are shown: an older one may have the same text.
 */
static void
receive_history(
	struct delivery *delivery, struct membership *membership, const struct chat_msg *msg)
{
	struct chat_span last_id = chat_span_of(chat_position_id(&membership->position)), text;
	bool new = delivery->outbox.ack == ACK_NONCE;
	int64_t now_ms = chat_now_ms();
	struct history_reader history;
	struct chat_msg past;

	if (delivery->outbox.in_flight == 0)
		return;
	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past)) {
		if (new)
			chat_outbox_receive(&delivery->outbox, &past, text, now_ms);
		else
			new = chat_json_string_is(&past.value[CHAT_SLOT_ID], last_id);
	}
}

static enum outbox_result
received(struct delivery *delivery, struct membership *membership, const struct chat_msg *msg,
	struct chat_span text)
{
	enum outbox_result result = OUTBOX_NOTHING;

	if (msg->type == CHAT_TYPE_HISTORY)
		receive_history(delivery, membership, msg);
	else if (delivery->outbox.in_flight > 0)
		result = chat_outbox_receive(&delivery->outbox, msg, text, chat_now_ms());
	if (result != OUTBOX_NOTHING)
		chat_membership_progress(membership);
	else
		chat_recent_hops_note(&delivery->outbox.recent_hops, msg);
	return result;
}

enum outbox_result
chat_delivery_take(struct delivery *delivery, struct membership *membership,
	const struct membership_event *event)
{
	switch (event->what) {
	case MEMBERSHIP_JOIN:
		joined(delivery, membership, event->again);
		return received(delivery, membership, event->msg, event->text);
	case MEMBERSHIP_MESSAGE:
		return received(delivery, membership, event->msg, event->text);
	case MEMBERSHIP_CATCH_UP:
		caught_up(delivery, event, membership->server.instance);
		break;
	case MEMBERSHIP_LOST:
		lost(delivery, membership);
		break;
	case MEMBERSHIP_CLOSED:
		if (delivery->outbox.ack == ACK_CLOSE)
			chat_outbox_closed(&delivery->outbox);
		else
			chat_outbox_give_up(&delivery->outbox);
		break;
	case MEMBERSHIP_END:
		chat_outbox_give_up(&delivery->outbox);
		break;
	default:
		break;
	}
	return OUTBOX_NOTHING;
}

bool
chat_delivery_send(struct delivery *delivery, struct membership *membership)
{
	struct chat_buf *wire = &delivery->wire;
	int64_t now_ms = chat_now_ms();
	bool sent = false;

	if (delivery->resending)
		return false;
	while (chat_membership_can_send(membership)) {
		wire->len = 0;
		if (chat_outbox_send_next(&delivery->outbox, now_ms, wire) == 0)
			break;
		chat_membership_send(membership, chat_buf_span(wire));
		sent = true;
	}
	chat_membership_flush(membership);
	return sent;
}

void
chat_delivery_await(const struct delivery *delivery, const struct membership *membership,
	struct poll_set *waits)
{
	if (!delivery->resending && chat_membership_can_send(membership))
		chat_poll_set_until(waits, chat_outbox_wake_ms(&delivery->outbox));
}
