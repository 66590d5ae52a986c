/* Handles the events of a membership: prints messages, and passes histories to feed_history.c. */
#include "listen/feed_private.h"

#include <string.h>

#include "command/diag.h"
#include "common/tell.h"

#define BATCH_BYTES (64u << 10) /* output of one turn: then it is written */
#define BATCH_EVENTS 1024 /* events of one turn, so that signals and deadlines are not late */

void
feed_open(struct feed *feed, struct printer *printer, const struct settings *settings,
	const struct chat_url_list *urls, const struct feed_start *start)
{
	const struct listener_options *options = printer->options;
	const char *since = start->cursor_id ? start->cursor_id : options->since.id;
	bool timed = !start->cursor_id && options->since.timed;

	*feed = (struct feed){.number = feed->number,
		.settings = settings,
		.printer = printer,
		.bot = printer->bot,
		.resumes = since || (start->has_cursor && !printer->bot),
		.wants_all = since && strcmp(since, POSITION_BEGINNING) == 0,
		.from_ms = timed ? options->since.time_ms : 0};
	if (since && feed->bot)
		unanswered_begin(&feed->bot->unanswered, since);
	chat_membership_open(&feed->membership, &settings->login, urls,
		&(struct membership_options){
			.hidden = options->hidden,
			.wait = options->wait,
			.retry_for_ms = options->retry_for_ms,
			.since = since,
			.since_ms = feed->from_ms,
			.resumes = true,
		});
}

void
feed_rewind(struct feed *feed, const char *since)
{
	chat_position_free(&feed->membership.position);
	chat_position_begin(&feed->membership.position, since);
	chat_seen_free(&feed->seen);
	chat_membership_rejoin(&feed->membership);
}

void
feed_close(struct feed *feed)
{
	chat_membership_free(&feed->membership);
	chat_seen_free(&feed->seen);
	recent_free(&feed->recent);
}

/*
 * Returns true if a message was handled before. The last message may be received twice. An older
 * one may be sent again by a plain server instead of a history, or by any server to a bot, as the
 * echo of a message of the bot.
 */
static bool
is_known(const struct feed *feed, const struct chat_json_value *id)
{
	return chat_json_string_is(
		       id, chat_span_of(chat_position_id(&feed->membership.position))) ||
		((!feed->caught_up || feed->bot) && chat_seen_has(&feed->seen, id));
}

/* Prints a message of the server. A `message` that was handled before is ignored. */
static void
receive(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	if (msg->type == CHAT_TYPE_HISTORY && !feed->past_done) {
		feed_print_history(feed, line, msg);
		return;
	}
	if (msg->type == CHAT_TYPE_MESSAGE) {
		if (is_known(feed, &msg->value[CHAT_SLOT_ID]))
			return;
		printer_print(feed->printer, &feed->membership, line, msg);
		feed_note(feed, msg);
		chat_membership_progress(&feed->membership);
		return;
	}
	printer_print(feed->printer, &feed->membership, line, msg);
}

/*
 * Sets the position after which the command owes answers, if it has none yet. The command owes none
 * for a history that it gets as one line.
 */
static void
begin_unanswered(struct feed *feed)
{
	const char *id = chat_position_id(&feed->membership.position);
	bool owes_nothing = feed->printer->options->history != LISTENER_HISTORY_FLAT ||
		strcmp(id, feed->membership.server.since) == 0; /* the history was empty */

	if (*id && owes_nothing)
		unanswered_begin(&feed->bot->unanswered, id);
	else if (!*id && feed->membership.server.past)
		unanswered_begin(&feed->bot->unanswered, "0");
}

/* Called when the membership has ended for good. Sets the exit status if none is set. */
static void
end(struct feed *feed, const struct membership_event *event)
{
	feed->ended = true;
	if (feed->printer->ending.begun)
		return;
	chat_warn("%s: %s", feed->membership.url_text, event->err.text);
	if (feed->printer->ending.status == 0)
		feed->printer->ending.status = chat_exit_status(event->err.code);
}

/* Says at once that the connection is lost or there, unless lines have to be written first. */
static void
note_interruption(struct feed *feed, const struct membership_event *event)
{
	interruption_note(&feed->interruption, &feed->membership, event);
	if (output_pending_bytes(&feed->printer->output) == 0)
		interruption_tell(&feed->interruption, &feed->membership);
}

static void
handle(struct feed *feed, const struct membership_event *event)
{
	tell_event(feed->settings, &feed->membership, event);
	if (feed->printer->options->human && !feed->settings->verbose)
		note_interruption(feed, event);
	if (feed->bot)
		chat_delivery_take(&feed->bot->delivery, &feed->membership, event);
	if (feed->printer->ending.begun && event->what == MEMBERSHIP_MESSAGE)
		return;
	switch (event->what) {
	case MEMBERSHIP_JOIN:
		feed_begin_past(feed);
		if (event->text.len > 0)
			receive(feed, event->text, event->msg);
		break;
	case MEMBERSHIP_MESSAGE:
		receive(feed, event->text, event->msg);
		break;
	case MEMBERSHIP_CATCH_UP:
		feed_end_past(feed);
		if (feed->bot)
			begin_unanswered(feed);
		break;
	case MEMBERSHIP_LOST:
	case MEMBERSHIP_CONNECT:
		break;
	default:
		end(feed, event);
	}
}

void
feed_run(struct feed *feed)
{
	struct output *output = &feed->printer->output;
	size_t enough = output_pending_bytes(output) + BATCH_BYTES;
	bool ending = feed->printer->ending.begun;
	struct membership_event event;

	for (int i = 0; i < BATCH_EVENTS && !feed->ended; i++) {
		chat_membership_next(&feed->membership, &event);
		if (event.what == MEMBERSHIP_NOTHING)
			return;
		handle(feed, &event);
		if (output_pending_bytes(output) >= enough)
			return;
		if (feed->printer->ending.begun && !ending)
			return; /* the listener closes the connection */
	}
}
