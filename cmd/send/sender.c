/*
 * The loop of chat-send. Each turn does what can be done (take input, send, receive, tell), and
 * polls for the rest; there is one way out, when everything taken is told.
 */
#include "send/sender.h"

#include "chat/clock.h"
#include "command/diag.h"
#include "send/report.h"

#define CLOSE_MS 2000 /* for the closing handshake, and to finish after a signal */
#define HURRIED_CLOSE_MS 500 /* for that handshake when the time is up already */
#define BARRIER_CLOSE_MS 30000 /* where that handshake is the acknowledgement */
#define ECHO_MS 5000 /* a plain server that echoes nothing for so long does not echo */
#define ANSWER_MS 2000 /* for what was said together with what the server says slower to */
#define BATCH_EVENTS 256 /* then signals and deadlines get their turn */

/* What is settled is told to make room. */
static bool
has_room(struct sender *sender)
{
	if (!outbox_has_room(&sender->courier.outbox))
		report_settled(sender);
	return outbox_has_room(&sender->courier.outbox);
}

static void
take_input(struct sender *sender)
{
	struct draft draft;
	struct chat_err err;
	uint64_t number;

	if (source_wake_ms(sender->source) <= chat_now_ms())
		sender->input_dry = false;
	while (!sender->input_ended && !sender->input_dry && has_room(sender)) {
		switch (source_next(sender->source, &draft, &number, &err)) {
		case SOURCE_DRAFT:
			outbox_add(&sender->courier.outbox, number, &draft);
			break;
		case SOURCE_ILLEGAL:
			outbox_add_illegal(&sender->courier.outbox, number, &err);
			break;
		case SOURCE_NOTHING:
			sender->input_dry = true;
			break;
		default:
			sender->input_ended = true;
		}
	}
}

static void
connect_when_needed(struct sender *sender)
{
	const struct sender_options *options = sender->options;

	if (sender->connected || !outbox_waiting(&sender->courier.outbox))
		return;
	membership_open(&sender->membership, sender->settings, sender->url,
		&(struct membership_options){
			.hidden = !options->visible,
			.deaf = options->ack == ACK_CLOSE,
			.wait = options->retry_first || sender->joined_before,
			.retry_for_ms = options->retry_for_ms,
			.resumes = options->replies > 0,
		});
	sender->connected = true;
}

static void
joined(struct sender *sender, const struct membership_event *event)
{
	courier_joined(&sender->courier, &sender->membership, event->again);
	sender->joined_before = true;
	sender->lost.code = CHAT_OK;
	sender->quiet_since_ms = chat_now_ms();
}

/* The connection will not come back, or never came: whatever is left stays as it is. */
static void
give_up(struct sender *sender, int status)
{
	outbox_give_up(&sender->courier.outbox);
	sender->input_ended = true;
	sender->hopeless = true;
	if (sender->failed_status == 0)
		sender->failed_status = status;
}

/* Everything is settled, and answered where that was asked for. */
static bool
all_said(const struct sender *sender)
{
	return sender->input_ended && outbox_empty(&sender->courier.outbox) &&
		report_answered(sender);
}

static void
ended(struct sender *sender, const struct membership_event *event)
{
	sender->connected = false;
	membership_free(&sender->membership);
	if (all_said(sender))
		return; /* all is told; how the server says good-bye changes nothing */
	chat_warn("%s: %s", sender->membership.url_text, event->err.text);
	give_up(sender, chat_exit_status(event->err.code));
}

/* One of ours is on the server, under this id. */
static void
note_asked(struct sender *sender, const struct chat_json_value *id)
{
	seen_add(&sender->accepted, id);
	sender->asked++;
	sender->instance = sender->membership.peer.instance;
}

/* A server's word about a message of the outbox, or about nothing in it. */
static void
received(struct sender *sender, const struct membership_event *event)
{
	const struct chat_msg *msg = event->msg;
	enum outbox_heard heard =
		courier_received(&sender->courier, &sender->membership, msg, event->text);

	if (heard == OUTBOX_ACCEPTED && sender->options->replies > 0)
		note_asked(sender, &msg->value[CHAT_SLOT_ID]);
	if (heard == OUTBOX_NOTHING && msg->type == CHAT_TYPE_ERROR)
		report_stray_error(sender, msg);
	report_replies(sender, msg, event->text);
	position_note(&sender->membership.position, msg);
}

static void
handle(struct sender *sender, const struct membership_event *event)
{
	if (event->what != MEMBERSHIP_MESSAGE)
		transfer_hide(&sender->transfer);
	switch (event->what) {
	case MEMBERSHIP_JOIN:
		joined(sender, event);
		received(sender, event);
		break;
	case MEMBERSHIP_MESSAGE:
		received(sender, event);
		break;
	case MEMBERSHIP_CATCH_UP:
		courier_caught_up(
			&sender->courier, event->complete, sender->membership.peer.instance);
		if (event->again)
			report_rejoined(sender, event->complete);
		break;
	case MEMBERSHIP_LOST:
		courier_lost(&sender->courier, &sender->membership);
		sender->lost = event->err;
		if (sender->settings->verbose)
			chat_warn("%s: %s; again in %lld ms", sender->membership.url_text,
				event->err.text, (long long)event->retry_ms);
		break;
	case MEMBERSHIP_CLOSED:
		outbox_closed(&sender->courier.outbox);
		sender->connected = false;
		membership_free(&sender->membership);
		break;
	default:
		ended(sender, event);
	}
}

static void
receive_some(struct sender *sender)
{
	struct membership_event event;

	for (int i = 0; i < BATCH_EVENTS && sender->connected; i++) {
		membership_next(&sender->membership, &event);
		if (event.what == MEMBERSHIP_NOTHING)
			return;
		handle(sender, &event);
		report_settled(sender);
		if (output_is_full(&sender->output))
			return;
	}
}

static void
send_all(struct sender *sender)
{
	if (sender->connected && courier_send(&sender->courier, &sender->membership))
		sender->quiet_since_ms = chat_now_ms();
}

/* Nothing more can be said before something is heard. */
static bool
is_stuck(const struct sender *sender)
{
	const struct outbox *outbox = &sender->courier.outbox;

	return outbox->in_flight > 0 && membership_can_send(&sender->membership) &&
		(outbox->in_flight >= outbox->allowed ||
			(sender->input_ended && outbox->unsent == outbox->next));
}

/* A big file is seen going out. */
static void
watch_transfer(struct sender *sender)
{
	const char *name = source_file_name(sender->source);

	if (name && sender->transfer.progress.on)
		transfer_watch(&sender->transfer, name,
			sender->connected ? membership_unsent_bytes(&sender->membership) : 0);
}

/* When a plain server has been silent so long that it does not echo. */
static int64_t
echo_deadline_ms(const struct sender *sender)
{
	if (!sender->connected || sender->options->ack != ACK_AUTO ||
		sender->courier.outbox.ack != ACK_ECHO || sender->courier.outbox.echoed ||
		!is_stuck(sender))
		return INT64_MAX;
	return sender->quiet_since_ms + ECHO_MS;
}

/* Closes when all is said, or where only the server's Close tells that it was read. */
static void
close_when_done(struct sender *sender)
{
	if (!sender->connected)
		return;
	if (chat_now_ms() >= echo_deadline_ms(sender)) {
		chat_warn("%s: no echo: taking the closing handshake for the acknowledgement",
			sender->membership.url_text);
		sender->courier.ack = ACK_CLOSE;
		courier_set_ack(&sender->courier, ACK_CLOSE);
	}
	if (sender->hopeless)
		membership_close(&sender->membership, HURRIED_CLOSE_MS);
	else if (sender->courier.outbox.ack == ACK_CLOSE && is_stuck(sender) &&
		!sender->courier.resending)
		membership_close(&sender->membership, BARRIER_CLOSE_MS);
	else if (all_said(sender))
		membership_close(&sender->membership, CLOSE_MS);
}

/*
 * When the server has said nothing but slower for as long as it is tried again; at once where it
 * asks for more than that, and all it was told is answered.
 */
static int64_t
barred_deadline_ms(const struct sender *sender)
{
	int64_t retry_for_ms = sender->options->retry_for_ms, until_ms;
	int64_t since_ms = outbox_barred_ms(&sender->courier.outbox, &until_ms);

	if (since_ms == 0 || retry_for_ms < 0 || sender->hopeless)
		return INT64_MAX;
	if (until_ms - since_ms >= retry_for_ms && sender->courier.outbox.in_flight == 0)
		return 0;
	return since_ms + (retry_for_ms > ANSWER_MS ? retry_for_ms : ANSWER_MS);
}

static void
check_barred(struct sender *sender)
{
	if (chat_now_ms() < barred_deadline_ms(sender))
		return;
	transfer_hide(&sender->transfer);
	chat_warn("%s: the server asks to try later, for longer than --retry-for lasts",
		sender->membership.url_text);
	give_up(sender, CHAT_EXIT_TRY_LATER);
}

/* The first signal: finish what is queued, within a limit. The second: now. */
static void
take_signal(struct sender *sender)
{
	int caught = signals_take(&sender->signals);

	if (caught == 0)
		return;
	transfer_hide(&sender->transfer);
	if (sender->caught_signal) {
		give_up(sender, 0);
		report_settled(sender);
		report_end(sender);
		chat_die_by_signal(caught);
	}
	sender->caught_signal = caught;
	sender->source->stopped = true;
	sender->input_ended = true;
	if (sender->deadline_ms > chat_now_ms() + CLOSE_MS)
		sender->deadline_ms = chat_now_ms() + CLOSE_MS;
}

static void
check_deadline(struct sender *sender)
{
	if (chat_now_ms() < sender->deadline_ms)
		return;
	sender->deadline_ms = INT64_MAX;
	sender->source->stopped = true;
	sender->overdue = true;
	transfer_hide(&sender->transfer);
	if (!sender->caught_signal)
		report_overdue(sender);
	give_up(sender, CHAT_EXIT_TIMEOUT);
}

#define WAIT_SIGNAL 0 /* where these are among the waits */
#define WAIT_INPUT 1

/* What would bring more input, if there is a place for it. */
static void
await_input(struct sender *sender)
{
	struct waits *waits = &sender->waits;
	bool wanted = !sender->input_ended && outbox_has_room(&sender->courier.outbox);

	waits_add(waits, wanted && sender->input_dry ? source_fd(sender->source) : -1, POLLIN);
	if (wanted)
		waits_until(waits, sender->input_dry ? source_wake_ms(sender->source) : 0);
}

void
sender_await(struct sender *sender)
{
	struct waits *waits = &sender->waits;

	waits_begin(waits);
	waits_add(waits, sender->signals.fd, POLLIN);
	await_input(sender);
	waits_until(waits, sender->deadline_ms);
	waits_until(waits, echo_deadline_ms(sender));
	waits_until(waits, barred_deadline_ms(sender));
	if (output_pending_bytes(&sender->output) > 0)
		waits_add(waits, sender->output.fd, POLLOUT);
	if (!sender->connected)
		return;
	membership_await(&sender->membership, waits);
	courier_await(&sender->courier, &sender->membership, waits);
	waits_until(waits, transfer_wake_ms(&sender->transfer));
}

void
sender_woken(struct sender *sender)
{
	struct chat_err err;

	if (sender->waits.fds[WAIT_SIGNAL].revents)
		take_signal(sender);
	if (!sender->waits.fds[WAIT_INPUT].revents)
		return;
	sender->input_dry = false;
	if (source_fill(sender->source, &err) < 0) {
		chat_warn("%s", err.text);
		sender->input_ended = sender->source->stopped = true;
		sender->failed_status = chat_exit_status(err.code);
	}
}

static bool
is_done(const struct sender *sender)
{
	return sender->input_ended && outbox_empty(&sender->courier.outbox) && !sender->connected &&
		(output_pending_bytes(&sender->output) == 0 || sender->overdue);
}

bool
sender_turn(struct sender *sender)
{
	check_deadline(sender);
	receive_some(sender);
	check_barred(sender);
	take_input(sender);
	connect_when_needed(sender);
	send_all(sender);
	watch_transfer(sender);
	report_settled(sender);
	close_when_done(sender);
	report_flush(sender);
	if (sender->connected) /* only now it shows whether more is to be read */
		membership_pause(&sender->membership, output_is_full(&sender->output));
	return !is_done(sender);
}

void
sender_begin(struct sender *sender)
{
	courier_init(&sender->courier, &sender->settings->identity, (size_t)sender->options->window,
		sender->options->ack);
	sender->courier.listens = sender->options->replies > 0;
	transfer_init(&sender->transfer, !sender->options->quiet);
	sender->deadline_ms = sender->options->timeout_ms > 0
		? chat_now_ms() + sender->options->timeout_ms
		: INT64_MAX;
}

int
sender_finish(struct sender *sender)
{
	transfer_hide(&sender->transfer);
	report_end(sender);
	courier_free(&sender->courier);
	seen_free(&sender->accepted);
	seen_free(&sender->answers);
	waits_free(&sender->waits);
	return report_status(sender);
}

int
sender_run(struct sender *sender)
{
	sender_begin(sender);
	while (sender_turn(sender)) {
		sender_await(sender);
		if (waits_poll(&sender->waits, -1) > 0)
			sender_woken(sender);
	}
	return sender_finish(sender);
}
