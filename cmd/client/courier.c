/*
 * Between the outbox, which knows no connection, and the membership, which does not know which
 * messages are settled.
 */
#include "client/courier.h"

#include "chat/clock.h"
#include "client/history_reader.h"

/*
 * A client that only sends needs no history, but the server sends one. If this many messages or
 * fewer are in flight, the history after the last message is shorter than the usual one, and has
 * them.
 */
#define SHORT_HISTORY 32

void
courier_init(struct courier *courier, const struct identity *identity, size_t window, enum ack ack)
{
	*courier = (struct courier){.ack = ack};
	outbox_init(&courier->outbox, identity, window);
}

void
courier_free(struct courier *courier)
{
	outbox_free(&courier->outbox);
	chat_buf_free(&courier->wire);
}

void
courier_set_ack(struct courier *courier, enum ack ack)
{
	courier->outbox.ack = ack;
	if (ack == ACK_CLOSE)
		outbox_widen(&courier->outbox, COURIER_BARRIER_WINDOW);
}

/*
 * The server is another process than before. A message that is not in its history may never have
 * come to it, or be forgotten. So its history must begin at our position: the membership joins
 * again.
 */
static void
meet_new_instance(struct courier *courier, struct membership *membership)
{
	courier->forgetful = true;
	if (membership->options.resumes || !*position_id(&membership->position))
		return;
	membership->options.resumes = true;
	membership_rejoin(membership);
}

void
courier_joined(struct courier *courier, struct membership *membership, bool again)
{
	const struct server_info *server = &membership->server;
	enum ack ack = courier->ack;

	if (ack == ACK_AUTO)
		ack = server->nonces ? ACK_NONCE : ACK_ECHO;
	courier_set_ack(courier, ack);
	courier->outbox.server.max_message_bytes = server->max_message_bytes;
	courier->outbox.server.copies_reply_to = server->reply_to;
	courier->outbox.here = &membership->here;
	courier->outbox.identity = &membership->identity;
	courier->resending = again && courier->outbox.in_flight > 0;
	if (courier->resending && courier->instance != server->instance)
		meet_new_instance(courier, membership);
	else if (!courier->resending)
		courier->instance = server->instance;
}

void
courier_caught_up(struct courier *courier, bool complete, uint64_t instance)
{
	if (courier->resending)
		outbox_rejoined(&courier->outbox, complete, courier->forgetful, chat_now_ms());
	courier->instance = instance;
	courier->resending = courier->forgetful = false;
}

void
courier_lost(struct courier *courier, struct membership *membership)
{
	outbox_lost(&courier->outbox);
	if (courier->listens)
		return;
	membership->options.resumes = courier->forgetful ||
		outbox_needs_history(&courier->outbox, chat_now_ms()) ||
		courier->outbox.in_flight <= SHORT_HISTORY;
}

/*
 * Shows the outbox the messages of a history. With nonces each of them can be told from others. By
 * echo only those after the last message are shown: an older one may have the same text.
 */
static void
receive_history(struct courier *courier, struct membership *membership, const struct chat_msg *msg)
{
	struct chat_span last_id = chat_span_of(position_id(&membership->position)), text;
	bool new = courier->outbox.ack == ACK_NONCE;
	int64_t now_ms = chat_now_ms();
	struct history_reader history;
	struct chat_msg past;

	if (courier->outbox.in_flight == 0)
		return;
	history_reader_begin(&history, msg);
	while (history_reader_next(&history, &text, &past)) {
		if (new)
			outbox_receive(&courier->outbox, &past, text, now_ms);
		else
			new = chat_json_string_is(&past.value[CHAT_SLOT_ID], last_id);
	}
}

enum outbox_result
courier_received(struct courier *courier, struct membership *membership, const struct chat_msg *msg,
	struct chat_span text)
{
	enum outbox_result result = OUTBOX_NOTHING;

	if (msg->type == CHAT_TYPE_HISTORY)
		receive_history(courier, membership, msg);
	else if (courier->outbox.in_flight > 0)
		result = outbox_receive(&courier->outbox, msg, text, chat_now_ms());
	if (result != OUTBOX_NOTHING)
		membership_progress(membership);
	else
		recent_hops_note(&courier->outbox.recent_hops, msg);
	return result;
}

bool
courier_send(struct courier *courier, struct membership *membership)
{
	struct chat_buf *wire = &courier->wire;
	int64_t now_ms = chat_now_ms();
	bool sent = false;

	if (courier->resending)
		return false;
	while (membership_can_send(membership)) {
		wire->len = 0;
		if (outbox_send_next(&courier->outbox, now_ms, wire) == 0)
			break;
		membership_send(membership, chat_buf_span(wire));
		sent = true;
	}
	membership_flush(membership);
	return sent;
}

void
courier_await(
	const struct courier *courier, const struct membership *membership, struct waits *waits)
{
	if (!courier->resending && membership_can_send(membership))
		waits_until(waits, outbox_wake_ms(&courier->outbox));
}
