/*
 * The end of chat-send: when every message is settled, at a deadline, after a signal, or when the
 * server cannot be reached or asks to wait for too long; and the exit status.
 */
#include "send/sender_private.h"

#include "command/diag.h"
#include "text/clock.h"

#define CLOSE_MS 2000 /* for the closing handshake, and to finish after a signal */
#define HURRIED_CLOSE_MS 500 /* for the closing handshake after giving up */
#define BARRIER_CLOSE_MS 30000 /* for the closing handshake if it is the acknowledgement */
#define ECHO_MS 5000 /* after this time without an echo a plain server does not echo */
#define BARRED_LEAST_MS 2000 /* the least to wait for a server that only says "slower" */

bool
sender_has_answers(const struct sender *sender)
{
	return sender->end.hopeless || replies_complete(&sender->replies);
}

bool
sender_is_finished(const struct sender *sender)
{
	return sender->input.ended && chat_outbox_empty(&sender->delivery.outbox) &&
		sender_has_answers(sender);
}

void
sender_give_up(struct sender *sender, int status)
{
	chat_outbox_give_up(&sender->delivery.outbox);
	sender->input.ended = true;
	sender->end.hopeless = true;
	if (sender->end.failed_status == 0)
		sender->end.failed_status = status;
}

/* Says why the time of --timeout was not enough. */
static void
warn_overdue(const struct sender *sender)
{
	const struct membership *membership = &sender->membership;
	bool joined =
		membership->state == MEMBERSHIP_JOINED || membership->state == MEMBERSHIP_CLOSING;
	long long answers = sender->replies.count, wanted = sender->replies.wanted;

	if (sender->connection.open && !joined)
		chat_warn("%s: %s", membership->url_text,
			sender->connection.lost.code ? sender->connection.lost.text
						     : "not connected yet");
	if (wanted > 0 && !sender_has_answers(sender))
		chat_warn("time limit: %lld of %lld answers came", answers, wanted);
	else
		chat_warn("time limit");
}

void
sender_check_deadline(struct sender *sender)
{
	if (chat_now_ms() < sender->end.deadline_ms)
		return;
	sender->end.deadline_ms = INT64_MAX;
	sender->source->stopped = true;
	sender->end.overdue = true;
	upload_progress_hide(&sender->upload_progress);
	if (!sender->end.caught_signal)
		warn_overdue(sender);
	sender_give_up(sender, CHAT_EXIT_TIMEOUT);
}

void
sender_take_signal(struct sender *sender)
{
	int caught = signals_take(&sender->signals);

	if (caught == 0)
		return;
	upload_progress_hide(&sender->upload_progress);
	if (sender->end.caught_signal) {
		sender_give_up(sender, 0);
		report_settled(&sender->report, &sender->delivery.outbox);
		report_unknown(&sender->report);
		chat_die_by_signal(caught);
	}
	sender->end.caught_signal = caught;
	sender->source->stopped = true;
	sender->input.ended = true;
	if (sender->end.deadline_ms > chat_now_ms() + CLOSE_MS)
		sender->end.deadline_ms = chat_now_ms() + CLOSE_MS;
}

/* Returns true if nothing more can be sent before the server says something. */
static bool
is_stuck(const struct sender *sender)
{
	const struct outbox *outbox = &sender->delivery.outbox;

	return outbox->in_flight > 0 && chat_membership_can_send(&sender->membership) &&
		(outbox->in_flight >= outbox->window.allowed ||
			(sender->input.ended && outbox->unsent == outbox->next));
}

int64_t
sender_echo_deadline_ms(const struct sender *sender)
{
	if (!sender->connection.open || sender->options->ack != ACK_AUTO ||
		sender->delivery.outbox.ack != ACK_ECHO || sender->delivery.outbox.server.echoed ||
		!is_stuck(sender))
		return INT64_MAX;
	return sender->connection.quiet_since_ms + ECHO_MS;
}

void
sender_close_when_done(struct sender *sender)
{
	if (!sender->connection.open)
		return;
	if (chat_now_ms() >= sender_echo_deadline_ms(sender)) {
		chat_warn("%s: no echo: taking the closing handshake for the acknowledgement",
			sender->membership.url_text);
		sender->delivery.ack = ACK_CLOSE;
		chat_delivery_set_ack(&sender->delivery, ACK_CLOSE);
	}
	if (sender->end.hopeless)
		chat_membership_close(&sender->membership, HURRIED_CLOSE_MS);
	else if (sender->delivery.outbox.ack == ACK_CLOSE && is_stuck(sender) &&
		!sender->delivery.resending)
		chat_membership_close(&sender->membership, BARRIER_CLOSE_MS);
	else if (sender_is_finished(sender))
		chat_membership_close(&sender->membership, CLOSE_MS);
}

int64_t
sender_barred_deadline_ms(const struct sender *sender)
{
	int64_t retry_for_ms = sender->options->retry_for_ms, until_ms;
	int64_t since_ms = chat_outbox_barred_ms(&sender->delivery.outbox, &until_ms);

	if (since_ms == 0 || retry_for_ms < 0 || sender->end.hopeless)
		return INT64_MAX;
	if (until_ms - since_ms >= retry_for_ms && sender->delivery.outbox.in_flight == 0)
		return 0;
	return since_ms + (retry_for_ms > BARRED_LEAST_MS ? retry_for_ms : BARRED_LEAST_MS);
}

void
sender_check_barred(struct sender *sender)
{
	if (chat_now_ms() < sender_barred_deadline_ms(sender))
		return;
	upload_progress_hide(&sender->upload_progress);
	chat_warn("%s: the server asks to try later, for longer than --retry-for lasts",
		sender->membership.url_text);
	sender_give_up(sender, CHAT_EXIT_TRY_LATER);
}

/* Says what was not sent, not read and not written. */
static void
warn_rest(const struct sender *sender)
{
	const struct report *report = &sender->report;
	uint64_t unsent = report->counts.unsent;

	if (report->broken.code)
		chat_warn("%s: %llu %s", report->broken.text, (unsigned long long)report->unwritten,
			report->unwritten > 1 ? "lines were not written" : "line was not written");
	if (unsent > 0)
		chat_warn("%llu %s%s not sent", (unsigned long long)unsent,
			source_noun(sender->source), unsent > 1 ? "s" : "");
	if ((sender->end.hopeless || report->broken.code) && !sender->end.caught_signal &&
		source_is_unread(sender->source))
		chat_warn("what follows line %llu was not read",
			(unsigned long long)sender->source->lines.number);
}

int
sender_status(const struct sender *sender)
{
	const struct report_counts *counts = &sender->report.counts;
	int failed_status = sender->end.failed_status;

	warn_rest(sender);
	if (sender->end.caught_signal)
		return -sender->end.caught_signal;
	if (failed_status == CHAT_EXIT_IO || failed_status == CHAT_EXIT_TIMEOUT)
		return failed_status;
	if (counts->unknown > 0)
		return CHAT_EXIT_UNKNOWN;
	if (failed_status)
		return failed_status;
	if (counts->refused > 0)
		return CHAT_EXIT_NO;
	return counts->illegal > 0 ? CHAT_EXIT_BAD_LINE : CHAT_EXIT_OK;
}
