/* Handles the events of the connection: they settle messages in the outbox, which are reported. */
#include "send/sender_private.h"

#include "command/diag.h"
#include "common/tell.h"
#include "text/clock.h"

#define BATCH_EVENTS 256 /* of a turn, so that signals and deadlines are not late */

static void
joined(struct sender *sender)
{
	sender->connection.joined_before = true;
	sender->connection.lost.code = CHAT_OK;
	sender->connection.quiet_since_ms = chat_now_ms();
}

/* The connection has ended for good. */
static void
ended(struct sender *sender, const struct membership_event *event)
{
	sender->connection.open = false;
	chat_membership_free(&sender->membership);
	if (sender_is_finished(sender))
		return; /* all is reported; the way the server closes changes nothing */
	chat_warn("%s: %s", sender->membership.url_text, event->err.text);
	sender_give_up(sender, chat_exit_status(event->err.code));
}

/* Reports an error about no known message. With --ack=close it counts as a refusal. */
static void
stray_error(struct sender *sender, const struct chat_msg *msg)
{
	report_stray_error(sender->membership.url_text, msg);
	if (sender->delivery.outbox.ack == ACK_CLOSE)
		sender->report.counts.refused++;
}

/* Called after a lost connection is replaced. Ends the wait for answers that cannot come any more.
 */
static void
check_rejoin(struct sender *sender, bool complete)
{
	if (sender->end.hopeless)
		return;
	if (!replies_check_rejoin(&sender->replies, &sender->membership, complete))
		sender->end.failed_status = CHAT_EXIT_UNAVAILABLE;
}

/* Takes a message of the server: the result of one of ours, an answer, or anything else. */
static void
received(struct sender *sender, const struct membership_event *event, enum outbox_result result)
{
	const struct chat_msg *msg = event->msg;

	if (result == OUTBOX_ACCEPTED && sender->replies.wanted > 0)
		replies_ask(&sender->replies, &msg->value[CHAT_SLOT_ID],
			sender->membership.server.instance);
	if (result == OUTBOX_NOTHING && msg->type == CHAT_TYPE_ERROR)
		stray_error(sender, msg);
	if (!sender->end.hopeless)
		replies_receive(&sender->replies, &sender->report, msg, event->text);
	chat_position_note(&sender->membership.position, msg);
}

static void
handle(struct sender *sender, const struct membership_event *event)
{
	enum outbox_result result;

	if (event->what != MEMBERSHIP_MESSAGE)
		upload_progress_hide(&sender->upload_progress);
	tell_event(sender->settings, &sender->membership, event);
	result = chat_delivery_take(&sender->delivery, &sender->membership, event);
	switch (event->what) {
	case MEMBERSHIP_JOIN:
		joined(sender);
		received(sender, event, result);
		break;
	case MEMBERSHIP_MESSAGE:
		received(sender, event, result);
		break;
	case MEMBERSHIP_CATCH_UP:
		if (event->again)
			check_rejoin(sender, event->complete);
		break;
	case MEMBERSHIP_LOST:
		sender->connection.lost = event->err;
		break;
	case MEMBERSHIP_CONNECT:
		break;
	case MEMBERSHIP_CLOSED:
		sender->connection.open = false;
		chat_membership_free(&sender->membership);
		break;
	default:
		ended(sender, event);
	}
}

void
sender_receive(struct sender *sender)
{
	struct membership_event event;

	for (int i = 0; i < BATCH_EVENTS && sender->connection.open; i++) {
		chat_membership_next(&sender->membership, &event);
		if (event.what == MEMBERSHIP_NOTHING)
			return;
		handle(sender, &event);
		report_settled(&sender->report, &sender->delivery.outbox);
		if (output_is_full(&sender->report.output))
			return;
	}
}
