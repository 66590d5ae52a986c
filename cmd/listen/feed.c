/*
 * From a membership's events to lines: each message once, in order, what was missed (feed_past.c)
 * like what was heard.
 */
#include "listen/feed.h"

#include <string.h>

#include "command/diag.h"
#include "listen/feed_past.h"
#include "listen/listener.h"

#define BATCH_BYTES (64u << 10) /* then what there is gets written */
#define BATCH_EVENTS 1024 /* then signals and deadlines get their turn, printed or not */

void
feed_open(struct feed *feed, struct listener *listener, const struct chat_url *url)
{
	const struct listener_options *options = listener->options;
	char text[CHAT_URL_MAX];
	const char *since;
	bool timed;

	chat_url_format(url, text, sizeof(text));
	since = cursor_find(&listener->cursor, text);
	timed = !since && options->since.timed;
	if (!since)
		since = options->since.id;
	*feed = (struct feed){.listener = listener,
		.resumes = since || (listener->cursor.path && !listener->bot),
		.wants_all = since && strcmp(since, POSITION_BEGINNING) == 0,
		.from_ms = timed ? options->since.time_ms : 0};
	if (since && listener->bot)
		ledger_begin(&listener->bot->ledger, since);
	membership_open(&feed->membership, listener->settings, url,
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
	position_free(&feed->membership.position);
	position_begin(&feed->membership.position, since);
	seen_free(&feed->seen);
	membership_rejoin(&feed->membership);
}

void
feed_close(struct feed *feed)
{
	membership_free(&feed->membership);
	seen_free(&feed->seen);
	recent_free(&feed->recent);
}

/*
 * Whether a message was told already: just now, by a network that says things twice; or before, for
 * a plain server may tell the past in single messages, and any its own to a bot.
 */
static bool
is_known(const struct feed *feed, const struct chat_json_value *id)
{
	return chat_json_string_is(id, chat_span_of(position_id(&feed->membership.position))) ||
		((!feed->caught_up || feed->listener->bot) && seen_has(&feed->seen, id));
}

static void
tell(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	if (msg->type == CHAT_TYPE_HISTORY && !feed->told_past) {
		feed_tell_history(feed, line, msg);
		return;
	}
	if (msg->type == CHAT_TYPE_MESSAGE) {
		if (is_known(feed, &msg->value[CHAT_SLOT_ID]))
			return;
		listener_print(feed->listener, feed, line, msg);
		feed_note(feed, msg);
		membership_progress(&feed->membership);
		return;
	}
	listener_print(feed->listener, feed, line, msg);
}

/* A command that begins anew owes no answer to what it was only told of. */
static void
begin_ledger(struct feed *feed)
{
	const char *id = position_id(&feed->membership.position);
	bool told = feed->listener->options->history != LISTENER_HISTORY_FLAT ||
		strcmp(id, feed->membership.peer.since) == 0; /* there was nothing to tell */

	if (*id && told)
		ledger_begin(&feed->listener->bot->ledger, id);
	else if (!*id && feed->membership.peer.past)
		ledger_begin(&feed->listener->bot->ledger, "0");
}

static void
end(struct feed *feed, const struct membership_event *event)
{
	feed->ended = true;
	if (feed->listener->closing)
		return;
	chat_warn("%s: %s", feed->membership.url_text, event->err.text);
	if (feed->listener->status == 0)
		feed->listener->status = chat_exit_status(event->err.code);
}

/* What the membership goes through concerns what the command said, too. */
static void
show_bot(struct feed *feed, const struct membership_event *event)
{
	struct courier *courier = &feed->listener->bot->courier;

	if (event->what == MEMBERSHIP_JOIN)
		courier_joined(courier, &feed->membership, event->again);
	if (event->what == MEMBERSHIP_JOIN || event->what == MEMBERSHIP_MESSAGE)
		courier_received(courier, &feed->membership, event->msg, event->text);
	if (event->what == MEMBERSHIP_CATCH_UP)
		courier_caught_up(courier, event->complete, feed->membership.peer.instance);
	if (event->what == MEMBERSHIP_LOST)
		courier_lost(courier, &feed->membership);
	if (event->what == MEMBERSHIP_END || event->what == MEMBERSHIP_CLOSED)
		outbox_give_up(&courier->outbox);
}

static void
handle(struct feed *feed, const struct membership_event *event)
{
	if (feed->listener->bot)
		show_bot(feed, event);
	if (feed->listener->closing && event->what == MEMBERSHIP_MESSAGE)
		return;
	switch (event->what) {
	case MEMBERSHIP_JOIN:
		feed_past_begin(feed);
		if (event->text.len > 0)
			tell(feed, event->text, event->msg);
		break;
	case MEMBERSHIP_MESSAGE:
		tell(feed, event->text, event->msg);
		break;
	case MEMBERSHIP_CATCH_UP:
		feed_past_end(feed);
		if (feed->listener->bot)
			begin_ledger(feed);
		break;
	case MEMBERSHIP_LOST:
		if (feed->listener->settings->verbose)
			chat_warn("%s: %s; again in %lld ms", feed->membership.url_text,
				event->err.text, (long long)event->retry_ms);
		break;
	default:
		end(feed, event);
	}
}

void
feed_run(struct feed *feed)
{
	struct output *output = &feed->listener->output;
	size_t enough = output_pending_bytes(output) + BATCH_BYTES;
	struct membership_event event;

	for (int i = 0; i < BATCH_EVENTS && !feed->ended; i++) {
		membership_next(&feed->membership, &event);
		if (event.what == MEMBERSHIP_NOTHING)
			return;
		handle(feed, &event);
		if (output_pending_bytes(output) >= enough)
			return;
	}
}
