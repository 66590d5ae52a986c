/*
 * From histories to lines. A history goes on from the position, or there is a gap before its first
 * message; it is told as one line, a line for each of its messages, or not at all.
 */
#include "listen/feed_past.h"

#include <stdlib.h>
#include <string.h>

#include "chat/encode.h"
#include "client/history.h"
#include "command/diag.h"
#include "listen/listener.h"

/* ---- how far ---- */

/*
 * What is older than the time of --since is no position for another run to go on from, as that
 * would not know of the time.
 */
void
feed_note(struct feed *feed, const struct chat_msg *msg)
{
	seen_add(&feed->seen, &msg->value[CHAT_SLOT_ID]);
	position_note(&feed->membership.position, msg);
	if (!feed->skips)
		listener_mark(feed->listener, feed);
}

static void
note_all(struct feed *feed, const struct chat_msg *msg)
{
	struct history history;
	struct chat_span text;
	struct chat_msg past;

	history_begin(&history, msg);
	while (history_next(&history, &text, &past))
		feed_note(feed, &past);
}

static bool
is_at_beginning(const struct feed *feed)
{
	return strcmp(position_id(&feed->membership.position), POSITION_BEGINNING) == 0;
}

/* It has not begun yet with all that is kept. */
static bool
wants_beginning(const struct feed *feed)
{
	return feed->wants_all && !feed->was_caught_up && !feed->skips && is_at_beginning(feed);
}

static bool
is_old(const struct feed *feed, const struct chat_msg *msg)
{
	int64_t said_ms = 0;

	chat_json_int64(msg->value[CHAT_SLOT_TIMESTAMP].raw, &said_ms);
	return said_ms < feed->from_ms;
}

/* Counts the messages at the front of a history that are older than what is wanted. */
static int64_t
count_old(const struct feed *feed, const struct chat_msg *msg)
{
	struct history history;
	struct chat_span text;
	struct chat_msg past;
	int64_t count = 0;

	history_begin(&history, msg);
	while (feed->skips && history_next(&history, &text, &past) && is_old(feed, &past))
		count++;
	return count;
}

/* How many messages of a history are not after the position that was asked for: none by our
 * servers. */
static int64_t
count_known(const struct feed *feed, const struct chat_msg *msg)
{
	struct chat_span last_id = chat_span_of(position_id(&feed->membership.position)), text;
	int64_t count = 0, known = 0;
	struct history history;
	struct chat_msg past;

	if (last_id.len == 0 || feed->membership.peer.pages)
		return 0;
	history_begin(&history, msg);
	while (history_next(&history, &text, &past)) {
		count++;
		if (chat_json_string_is(&past.value[CHAT_SLOT_ID], last_id))
			known = count;
	}
	return known;
}

/* ---- gaps ---- */

/* The last message told, or kept to be told: behind it something is missing. */
static char *
gap_after(const struct feed *feed)
{
	struct chat_msg newest;

	if (recent_newest(&feed->recent, &newest))
		return chat_msg_string(&newest.value[CHAT_SLOT_ID]);
	return chat_strdup(position_id(&feed->membership.position));
}

/* Messages behind the last one, and before this one where there is one, may be gone for good. */
static void
tell_gap(struct feed *feed, const struct chat_msg *next)
{
	char *after = gap_after(feed), *after_json = chat_encode_string(chat_span_of(after));
	char *before = next ? chat_msg_string(&next->value[CHAT_SLOT_ID]) : NULL;
	struct chat_buf line = {0};

	feed->listener->gap = true;
	chat_warn("%s: messages may be missing after %s%s%s", feed->membership.url_text, after,
		next ? " and before " : "", next ? before : "");
	chat_buf_printf(&line, "{\"type\":\"$gap\",\"after\":%s", after_json);
	if (next) {
		chat_buf_append_string(&line, ",\"before\":");
		chat_buf_append_span(&line, next->value[CHAT_SLOT_ID].raw);
	}
	chat_buf_append_string(&line, "}");
	listener_event(feed->listener, feed, chat_buf_span(&line));
	chat_buf_free(&line);
	free(after_json);
	free(after);
	free(before);
}

static bool
is_complete(const struct chat_msg *msg)
{
	return msg->value[CHAT_SLOT_COMPLETE].raw.at[0] == 't';
}

/*
 * Whether a history goes on from what was told: the server says so, or it holds a message of that.
 * Who wants all that is kept misses nothing where that begins; but servers that tell the past in
 * one history may have more than that holds.
 */
static bool
continues(const struct feed *feed, const struct chat_msg *msg)
{
	struct chat_span last_id = chat_span_of(position_id(&feed->membership.position)), text;
	bool says = chat_msg_has(msg, CHAT_SLOT_COMPLETE);
	struct history history;
	struct chat_msg past;

	if (last_id.len == 0)
		return true;
	if (wants_beginning(feed) && (!says || feed->membership.peer.pages))
		return true;
	if (says)
		return is_complete(msg);
	history_begin(&history, msg);
	while (history_next(&history, &text, &past))
		if (seen_has(&feed->seen, &past.value[CHAT_SLOT_ID]) ||
			chat_json_string_is(&past.value[CHAT_SLOT_ID], last_id))
			return true;
	return false;
}

/* What is missing before a message that is older than what is wanted is not wanted either. */
static void
find_gap(struct feed *feed, const struct chat_msg *msg)
{
	struct history history;
	struct chat_span text;
	struct chat_msg first;
	bool has_first;

	if ((!feed->resumes && !feed->membership.rejoined) || continues(feed, msg))
		return;
	history_begin(&history, msg);
	has_first = history_next(&history, &text, &first);
	if (!has_first || !feed->skips || !is_old(feed, &first))
		tell_gap(feed, has_first ? &first : NULL);
}

/* ---- histories ---- */

/* Every message of a history that was not told yet, the last `last` of them (-1: all), as lines. */
static void
tell_flat(struct feed *feed, const struct chat_msg *msg, int64_t last)
{
	struct history history;
	struct chat_span text;
	struct chat_msg past;
	int64_t skip = count_known(feed, msg);

	if (last >= 0 && skip < (int64_t)history_count(msg) - last)
		skip = (int64_t)history_count(msg) - last;
	history_begin(&history, msg);
	while (!feed->listener->closing && history_next(&history, &text, &past)) {
		feed->skips = feed->skips && is_old(feed, &past);
		if (skip-- > 0 || feed->skips) {
			feed_note(feed, &past);
			continue;
		}
		if (seen_has(&feed->seen, &past.value[CHAT_SLOT_ID]))
			continue;
		listener_print(feed->listener, feed, text, &past);
		feed_note(feed, &past);
		membership_progress(&feed->membership);
	}
}

/* A history without its first messages. */
static void
cut_line(struct chat_buf *cut, struct chat_span line, const struct chat_msg *msg, int64_t skip)
{
	struct chat_span text, array = msg->value[CHAT_SLOT_MESSAGES].raw;
	const char *from = array.at + array.len - 1; /* the bracket: no message is left */
	struct history history;
	struct chat_msg past;

	history_begin(&history, msg);
	while (history_next(&history, &text, &past))
		if (skip-- == 0) {
			from = text.at;
			break;
		}
	chat_buf_append(cut, line.at, (size_t)(array.at + 1 - line.at));
	chat_buf_append(cut, from, (size_t)(line.at + line.len - from));
}

static bool
has_more(const struct chat_msg *msg)
{
	return chat_msg_has(msg, CHAT_SLOT_MORE) && msg->value[CHAT_SLOT_MORE].raw.at[0] == 't';
}

/* A history as one line, with the last `last` of its messages (-1: all). */
static void
tell_line(struct feed *feed, struct chat_span line, const struct chat_msg *msg, int64_t last)
{
	int64_t count = (int64_t)history_count(msg), skip = count_old(feed, msg);
	struct chat_buf cut = {0};
	struct chat_msg rest;

	feed->skips = feed->skips && skip == count;
	if (last >= 0 && skip < count - last)
		skip = count - last;
	if (skip <= 0)
		listener_print(feed->listener, feed, line, msg);
	else if (!feed->skips || !has_more(msg)) {
		cut_line(&cut, line, msg, skip);
		if (chat_msg_read(&rest, chat_buf_span(&cut), CHAT_FROM_SERVER, NULL) == 0)
			listener_print(feed->listener, feed, chat_buf_span(&cut), &rest);
		chat_buf_free(&cut);
	}
	note_all(feed, msg);
	membership_progress(&feed->membership);
}

static void
tell_page(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	const struct listener_options *options = feed->listener->options;
	enum listener_history how = options->history;
	bool missed = feed->resumes || feed->membership.rejoined;

	if (feed->was_caught_up)
		tell_flat(feed, msg, -1);
	else if (how == LISTENER_HISTORY_FLAT || (how == LISTENER_HISTORY_AUTO && missed))
		tell_flat(feed, msg, options->last);
	else if (how == LISTENER_HISTORY_NONE)
		note_all(feed, msg);
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

/* Keeps the last messages of a page until the last page is there. */
static void
keep_recent(struct feed *feed, const struct chat_msg *msg, int64_t last)
{
	int64_t old = count_old(feed, msg);

	feed->skips = feed->skips && old == (int64_t)history_count(msg);
	recent_add(&feed->recent, msg, old, last);
	if (feed->told_past)
		tell_recent(feed);
}

/* Who asks for more than a newcomer is told should not think that there is no more. */
static void
tell_limit(const struct feed *feed, const struct chat_msg *msg)
{
	int64_t most = feed->membership.peer.history, last = feed->listener->options->last;

	if (most > 0 && last > most && !feed->resumes && !feed->was_caught_up &&
		(int64_t)history_count(msg) >= most)
		chat_warn("%s: the server tells who joins its last %lld messages, not %lld "
			  "(--since all: all that it has)",
			feed->membership.url_text, (long long)most, (long long)last);
}

void
feed_tell_history(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	int64_t last = feed->listener->options->last;
	bool keeps = last > 0 && !feed->was_caught_up;

	feed->told_past = !has_more(msg);
	if (feed->listener->closing)
		return;
	find_gap(feed, msg);
	tell_limit(feed, msg);
	if (keeps && (feed->recent.paged || !feed->told_past))
		keep_recent(feed, msg, last);
	else
		tell_page(feed, line, msg);
}

/* ---- joining ---- */

void
feed_past_begin(struct feed *feed)
{
	feed->told_past = feed->caught_up = false;
	feed->skips = feed->from_ms && (feed->skips || is_at_beginning(feed));
	recent_free(&feed->recent);
}

/* A server that tells no past has nothing that begins anywhere. */
void
feed_past_end(struct feed *feed)
{
	const char *id = position_id(&feed->membership.position);
	bool missed = feed->membership.rejoined || feed->resumes;

	if (feed->listener->closing)
		return;
	if (!feed->told_past && missed && *id && !wants_beginning(feed))
		tell_gap(feed, NULL);
	feed->caught_up = feed->was_caught_up = true;
	feed->told_past = true;
	feed->skips = false;
	feed->from_ms = 0;
	listener_mark(feed->listener, feed);
}
