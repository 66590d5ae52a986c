/*
 * The loop of chat-send. Each turn does what can be done without waiting: it takes input into the
 * outbox, sends, receives, and reports what is settled. Then poll(2) waits for the rest. The loop
 * ends when everything that was taken is reported.
 */
#include "send/sender_private.h"

#include "command/diag.h"
#include "text/clock.h"

/* Returns true if the outbox has room. If it is full, first reports the settled messages. */
static bool
has_room(struct sender *sender)
{
	if (!chat_outbox_has_room(&sender->delivery.outbox))
		report_settled(&sender->report, &sender->delivery.outbox);
	return chat_outbox_has_room(&sender->delivery.outbox);
}

/* Moves messages from the input to the outbox while it has room. */
static void
take_input(struct sender *sender)
{
	struct draft draft;
	struct chat_err err;
	uint64_t number;

	if (source_wake_ms(sender->source) <= chat_now_ms())
		sender->input.dry = false;
	while (!sender->input.ended && !sender->input.dry && has_room(sender)) {
		switch (source_next(sender->source, &draft, &number, &err)) {
		case SOURCE_DRAFT:
			chat_outbox_add(&sender->delivery.outbox, number, &draft);
			break;
		case SOURCE_ILLEGAL:
			chat_outbox_add_illegal(&sender->delivery.outbox, number, &err);
			break;
		case SOURCE_NOTHING:
			sender->input.dry = true;
			break;
		default:
			sender->input.ended = true;
		}
	}
}

/* Connects when there is a message to send. */
static void
connect_when_needed(struct sender *sender)
{
	const struct sender_options *options = sender->options;

	if (sender->connection.open || !chat_outbox_waiting(&sender->delivery.outbox))
		return;
	chat_membership_open(&sender->membership, &sender->settings->login, sender->urls,
		&(struct membership_options){
			.hidden = !options->visible,
			.deaf = options->ack == ACK_CLOSE,
			.wait = options->retry_first || sender->connection.joined_before,
			.retry_for_ms = options->retry_for_ms,
			.resumes = sender->replies.wanted > 0,
			.first_server = sender->membership.retry.rotation.at,
		});
	sender->connection.open = true;
}

static void
send_all(struct sender *sender)
{
	if (sender->connection.open && chat_delivery_send(&sender->delivery, &sender->membership))
		sender->connection.quiet_since_ms = chat_now_ms();
}

/* Shows the progress of a big file. */
static void
watch_transfer(struct sender *sender)
{
	const char *name = source_file_name(sender->source);

	if (name && sender->upload_progress.progress.on)
		upload_progress_watch(&sender->upload_progress, name,
			sender->connection.open ? chat_membership_unsent_bytes(&sender->membership)
						: 0);
}

#define WAIT_SIGNAL 0 /* the place of signals.fd in waits.fds */
#define WAIT_INPUT 1 /* the place of the input */

/* Adds the input to the waits, if the outbox has room for more of it. */
static void
await_input(struct sender *sender)
{
	struct poll_set *waits = &sender->waits;
	bool wanted = !sender->input.ended && chat_outbox_has_room(&sender->delivery.outbox);

	chat_poll_set_add(
		waits, wanted && sender->input.dry ? source_fd(sender->source) : -1, POLLIN);
	if (wanted)
		chat_poll_set_until(waits, sender->input.dry ? source_wake_ms(sender->source) : 0);
}

void
sender_await(struct sender *sender)
{
	struct poll_set *waits = &sender->waits;

	chat_poll_set_begin(waits);
	chat_poll_set_add(waits, sender->signals.fd, POLLIN);
	await_input(sender);
	chat_poll_set_until(waits, sender->end.deadline_ms);
	chat_poll_set_until(waits, sender_echo_deadline_ms(sender));
	chat_poll_set_until(waits, sender_barred_deadline_ms(sender));
	if (output_pending_bytes(&sender->report.output) > 0)
		chat_poll_set_add(waits, sender->report.output.fd, POLLOUT);
	if (!sender->connection.open)
		return;
	chat_membership_await(&sender->membership, waits);
	chat_delivery_await(&sender->delivery, &sender->membership, waits);
	chat_poll_set_until(waits, upload_progress_wake_ms(&sender->upload_progress));
}

void
sender_woken(struct sender *sender)
{
	struct chat_err err;

	if (sender->waits.fds[WAIT_SIGNAL].revents)
		sender_take_signal(sender);
	if (!sender->waits.fds[WAIT_INPUT].revents)
		return;
	sender->input.dry = false;
	if (source_fill(sender->source, &err) < 0) {
		chat_warn("%s", err.text);
		sender->input.ended = sender->source->stopped = true;
		sender->end.failed_status = chat_exit_status(err.code);
	}
}

static bool
is_done(const struct sender *sender)
{
	return sender->input.ended && chat_outbox_empty(&sender->delivery.outbox) &&
		!sender->connection.open &&
		(output_pending_bytes(&sender->report.output) == 0 || sender->end.overdue);
}

/* Writes receipts. If stdout fails no more input is read. */
static void
flush(struct sender *sender)
{
	if (report_flush(&sender->report) == 0)
		return;
	sender->end.failed_status = chat_exit_status(sender->report.broken.code);
	sender->input.ended = sender->source->stopped = true;
}

bool
sender_turn(struct sender *sender)
{
	sender_check_deadline(sender);
	sender_receive(sender);
	sender_check_barred(sender);
	take_input(sender);
	connect_when_needed(sender);
	send_all(sender);
	watch_transfer(sender);
	report_settled(&sender->report, &sender->delivery.outbox);
	sender_close_when_done(sender);
	flush(sender);
	if (sender->connection.open) /* decided last, when all that could be written is written */
		chat_membership_pause(&sender->membership, output_is_full(&sender->report.output));
	return !is_done(sender);
}

void
sender_begin(struct sender *sender)
{
	chat_delivery_init(&sender->delivery, &sender->settings->login.identity,
		(size_t)sender->options->window, sender->options->ack);
	sender->delivery.listens = sender->options->replies > 0;
	sender->replies.wanted = sender->options->replies;
	sender->report.quiet = sender->options->quiet;
	sender->report.tee = sender->options->tee;
	sender->report.full_receipts = sender->options->full_receipts;
	sender->report.source = sender->source;
	upload_progress_init(&sender->upload_progress, !sender->options->quiet);
	sender->end.deadline_ms = sender->options->timeout_ms > 0
		? chat_now_ms() + sender->options->timeout_ms
		: INT64_MAX;
}

int
sender_finish(struct sender *sender)
{
	upload_progress_hide(&sender->upload_progress);
	report_unknown(&sender->report);
	chat_delivery_free(&sender->delivery);
	replies_free(&sender->replies);
	chat_poll_set_free(&sender->waits);
	return sender_status(sender);
}

int
sender_run(struct sender *sender)
{
	sender_begin(sender);
	while (sender_turn(sender)) {
		sender_await(sender);
		if (chat_poll_set_poll(&sender->waits, -1) > 0)
			sender_woken(sender);
	}
	return sender_finish(sender);
}
