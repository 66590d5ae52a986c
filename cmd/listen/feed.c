/*
 * From a session's events to lines: each message once, in order, what was missed like what was
 * heard, and a word where something is lost.
 */
#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "client/history.h"
#include "diag.h"
#include "encode.h"
#include "listener.h"

#define BATCH_BYTES (64u << 10) /* then what there is gets written */
#define BATCH_EVENTS 1024 /* then signals and deadlines get their turn, printed or not */

void
feed_open(struct feed *feed, struct listener *listener, const struct chat_url *url)
{
	const struct listener_options *options = listener->options;
	char text[CHAT_URL_MAX];
	const char *since;

	chat_url_format(url, text, sizeof(text));
	since = cursor_find(&listener->cursor, text);
	if (!since)
		since = options->since;
	*feed = (struct feed){.listener = listener, .resumes = since || listener->cursor.path};
	session_open(&feed->session, listener->settings, url,
		&(struct session_options){
			.hidden = options->hidden,
			.wait = options->wait,
			.retry_for_ms = options->retry_for_ms,
			.since = since,
			.resumes = true,
		});
}

void
feed_close(struct feed *feed)
{
	session_free(&feed->session);
	seen_free(&feed->seen);
	recent_free(&feed->recent);
}

static void
note(struct feed *feed, const struct chat_msg *msg)
{
	seen_add(&feed->seen, &msg->value[CHAT_SLOT_ID]);
	position_note(&feed->session.position, msg);
}

/* Messages after the last one told may be gone for good. */
static void
tell_gap(struct feed *feed)
{
	const char *last_id = position_id(&feed->session.position);
	struct chat_buf line = {0};
	char *after;

	chat_warn("%s: messages may be missing after %s", feed->session.url_text, last_id);
	after = chat_encode_string(chat_span_of(last_id));
	chat_buf_printf(&line, "{\"type\":\"$gap\",\"after\":%s}", after);
	listener_event(feed->listener, feed, chat_buf_span(&line));
	chat_buf_free(&line);
	free(after);
}

/* Whether a history goes on from what was told: the server says so, or it holds a message of that.
 */
static bool
continues(const struct feed *feed, const struct chat_msg *msg)
{
	struct chat_span last_id = chat_span_of(position_id(&feed->session.position)), text;
	struct history history;
	struct chat_msg past;

	if (last_id.len == 0)
		return true;
	if (chat_msg_has(msg, CHAT_SLOT_COMPLETE))
		return msg->value[CHAT_SLOT_COMPLETE].raw.at[0] == 't';
	history_begin(&history, msg);
	while (history_next(&history, &text, &past))
		if (seen_has(&feed->seen, &past.value[CHAT_SLOT_ID]) ||
			chat_json_string_is(&past.value[CHAT_SLOT_ID], last_id))
			return true;
	return false;
}

/* How many messages of a history are not after the position that was asked for: none by our
 * servers. */
static int64_t
count_known(const struct feed *feed, const struct chat_msg *msg)
{
	struct chat_span last_id = chat_span_of(position_id(&feed->session.position)), text;
	int64_t count = 0, known = 0;
	struct history history;
	struct chat_msg past;

	if (last_id.len == 0)
		return 0;
	history_begin(&history, msg);
	while (history_next(&history, &text, &past)) {
		count++;
		if (chat_json_string_is(&past.value[CHAT_SLOT_ID], last_id))
			known = count;
	}
	return known;
}

/* Every message of a history that was not told yet, the last `last` of them (-1: all), as lines. */
static void
tell_flat(struct feed *feed, const struct chat_msg *msg, int64_t last, bool print)
{
	struct history history;
	struct chat_span text;
	struct chat_msg past;
	int64_t skip = count_known(feed, msg);

	if (last >= 0 && skip < (int64_t)history_count(msg) - last)
		skip = (int64_t)history_count(msg) - last;
	history_begin(&history, msg);
	while (!feed->listener->closing && history_next(&history, &text, &past)) {
		if (skip-- > 0 || !print) {
			note(feed, &past);
			continue;
		}
		if (seen_has(&feed->seen, &past.value[CHAT_SLOT_ID]))
			continue;
		listener_print(feed->listener, feed, text, &past);
		note(feed, &past);
		session_progress(&feed->session);
	}
}

/* A history as one line, with the last `last` of its messages (-1: all). */
static void
tell_line(struct feed *feed, struct chat_span line, const struct chat_msg *msg, int64_t last)
{
	struct chat_buf cut = {0};
	struct history history;
	struct chat_span text, array = msg->value[CHAT_SLOT_MESSAGES].raw;
	struct chat_msg past;
	int64_t skip = last < 0 ? 0 : (int64_t)history_count(msg) - last;
	const char *from = array.at + array.len - 1; /* the bracket: no message is left */

	tell_flat(feed, msg, -1, false);
	if (skip <= 0) {
		listener_print(feed->listener, feed, line, msg);
		return;
	}
	history_begin(&history, msg);
	while (history_next(&history, &text, &past))
		if (skip-- == 0) {
			from = text.at;
			break;
		}
	chat_buf_append(&cut, line.at, (size_t)(array.at + 1 - line.at));
	chat_buf_append(&cut, from, (size_t)(line.at + line.len - from));
	if (chat_msg_read(&past, chat_buf_span(&cut), CHAT_FROM_SERVER, NULL) == 0)
		listener_print(feed->listener, feed, chat_buf_span(&cut), &past);
	chat_buf_free(&cut);
}

static bool
has_more(const struct chat_msg *msg)
{
	return chat_msg_has(msg, CHAT_SLOT_MORE) && msg->value[CHAT_SLOT_MORE].raw.at[0] == 't';
}

static void
tell_page(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	const struct listener_options *options = feed->listener->options;
	enum listener_history how = options->history;
	bool missed = feed->resumes || feed->session.rejoined;

	if (missed && !continues(feed, msg))
		tell_gap(feed);
	if (feed->session.rejoined)
		tell_flat(feed, msg, -1, true);
	else if (how == LISTENER_HISTORY_FLAT || (how == LISTENER_HISTORY_AUTO && missed))
		tell_flat(feed, msg, options->last, true);
	else if (how == LISTENER_HISTORY_NONE)
		tell_flat(feed, msg, -1, false);
	else
		tell_line(feed, line, msg, options->last);
}

/* The last messages of several pages, as if they had come in one. */
static void
tell_recent(struct feed *feed)
{
	struct chat_buf line = {0};
	struct chat_msg msg;

	recent_write(&feed->recent, &line);
	if (chat_msg_read(&msg, chat_buf_span(&line), CHAT_FROM_SERVER, NULL) == 0)
		tell_page(feed, chat_buf_span(&line), &msg);
	chat_buf_free(&line);
	recent_free(&feed->recent);
}

/* A history, or a page of it. */
static void
tell_history(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	int64_t last = feed->listener->options->last;
	bool keeps = last > 0 && !feed->session.rejoined;

	feed->told_past = !has_more(msg);
	if (!keeps || (feed->told_past && !feed->recent.paged)) {
		tell_page(feed, line, msg);
		return;
	}
	recent_add(&feed->recent, msg, last);
	if (feed->told_past)
		tell_recent(feed);
}

/*
 * Whether a message was told already: just now, by a network that says things twice; or before, for
 * a plain server may tell the past in single messages, and any its own to a bot.
 */
static bool
is_known(const struct feed *feed, const struct chat_json_value *id)
{
	return chat_json_string_is(id, chat_span_of(position_id(&feed->session.position))) ||
		((!feed->caught_up || feed->listener->bot) && seen_has(&feed->seen, id));
}

static void
tell(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	if (msg->type == CHAT_TYPE_HISTORY && !feed->told_past) {
		tell_history(feed, line, msg);
		return;
	}
	if (msg->type == CHAT_TYPE_MESSAGE) {
		if (is_known(feed, &msg->value[CHAT_SLOT_ID]))
			return;
		listener_print(feed->listener, feed, line, msg);
		note(feed, msg);
		session_progress(&feed->session);
		return;
	}
	listener_print(feed->listener, feed, line, msg);
}

static void
caught_up(struct feed *feed)
{
	feed->caught_up = true;
	if (!feed->told_past && (feed->session.rejoined || feed->resumes) &&
		*position_id(&feed->session.position))
		tell_gap(feed);
	feed->told_past = true;
}

static void
end(struct feed *feed, const struct session_event *event)
{
	feed->ended = true;
	if (feed->listener->closing)
		return;
	chat_warn("%s: %s", feed->session.url_text, event->err.text);
	if (feed->listener->status == 0)
		feed->listener->status = chat_exit_status(event->err.code);
}

/* What the session goes through concerns what the command said, too. */
static void
show_bot(struct feed *feed, const struct session_event *event)
{
	struct courier *courier = &feed->listener->bot->courier;

	if (event->what == SESSION_JOIN)
		courier_joined(courier, &feed->session, event->again);
	if (event->what == SESSION_JOIN || event->what == SESSION_MESSAGE)
		courier_received(courier, &feed->session, event->msg, event->text);
	if (event->what == SESSION_CATCH_UP)
		courier_caught_up(courier, event->complete, feed->session.peer.instance);
	if (event->what == SESSION_LOST)
		courier_lost(courier, &feed->session);
	if (event->what == SESSION_END || event->what == SESSION_CLOSED)
		outbox_give_up(&courier->outbox);
}

static void
handle(struct feed *feed, const struct session_event *event)
{
	if (feed->listener->bot)
		show_bot(feed, event);
	if (feed->listener->closing && event->what == SESSION_MESSAGE)
		return;
	switch (event->what) {
	case SESSION_JOIN:
		feed->told_past = feed->caught_up = false;
		recent_free(&feed->recent);
		if (event->text.len > 0)
			tell(feed, event->text, event->msg);
		break;
	case SESSION_MESSAGE:
		tell(feed, event->text, event->msg);
		break;
	case SESSION_CATCH_UP:
		caught_up(feed);
		break;
	case SESSION_LOST:
		if (feed->listener->settings->verbose)
			chat_warn("%s: %s; again in %lld ms", feed->session.url_text,
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
	struct session_event event;

	for (int i = 0; i < BATCH_EVENTS && !feed->ended; i++) {
		session_next(&feed->session, &event);
		if (event.what == SESSION_NOTHING)
			return;
		handle(feed, &event);
		if (output_pending_bytes(output) >= enough)
			return;
	}
}
