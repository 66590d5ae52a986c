/*
 * Prints histories. A history has the messages from before a feed joined, or from the time without
 * a connection. It is printed as one line, as a line for each message, or not at all.
 */
#include "listen/feed_private.h"

#include <string.h>

#include "client/history_reader.h"
#include "command/diag.h"

/* Notes every message of a history. */
static void
note_all(struct feed *feed, const struct chat_msg *msg)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;

	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
		feed_note(feed, &past);
}

/*
 * Returns the number of messages, from the first one on, that are older than the time of --since.
 * Returns 0 if skips is false.
 */
static int64_t
count_old(const struct feed *feed, const struct chat_msg *msg)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;
	int64_t count = 0;

	chat_history_reader_begin(&history, msg);
	while (feed->skips && chat_history_reader_next(&history, &text, &past) &&
		feed_is_old(feed, &past))
		count++;
	return count;
}

/* Returns the number of messages up to the position. chat-serve does not send these. */
static int64_t
count_known(const struct feed *feed, const struct chat_msg *msg)
{
	const char *last_id = chat_position_id(&feed->membership.position);

	return *last_id && !feed->membership.server.pages ? chat_history_count_to(msg, last_id) : 0;
}

/* Prints each message of a history that is new, as a line. last: only the last ones; -1: all. */
static void
print_flat(struct feed *feed, const struct chat_msg *msg, int64_t last)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg past;
	int64_t skip = count_known(feed, msg);

	if (last >= 0 && skip < (int64_t)chat_history_count(msg) - last)
		skip = (int64_t)chat_history_count(msg) - last;
	chat_history_reader_begin(&history, msg);
	while (!feed->printer->ending.begun && chat_history_reader_next(&history, &text, &past)) {
		feed->skips = feed->skips && feed_is_old(feed, &past);
		if (skip-- > 0 || feed->skips) {
			feed_note(feed, &past);
			continue;
		}
		if (chat_seen_has(&feed->seen, &past.value[CHAT_SLOT_ID]))
			continue;
		printer_print(feed->printer, &feed->membership, text, &past);
		feed_note(feed, &past);
		chat_membership_progress(&feed->membership);
	}
}

/* Appends the line of a history without its first `skip` messages. */
static void
cut_line(struct chat_buf *cut, struct chat_span line, const struct chat_msg *msg, int64_t skip)
{
	struct chat_span text, array = msg->value[CHAT_SLOT_MESSAGES].raw;
	const char *from = array.at + array.len - 1; /* the "]", if skip leaves no message */
	struct history_reader history;
	struct chat_msg past;

	chat_history_reader_begin(&history, msg);
	while (chat_history_reader_next(&history, &text, &past))
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

/* Prints a history as one line. last: only the last messages; -1: all. */
static void
print_as_line(struct feed *feed, struct chat_span line, const struct chat_msg *msg, int64_t last)
{
	int64_t count = (int64_t)chat_history_count(msg), skip = count_old(feed, msg);
	struct chat_buf cut = {0};
	struct chat_msg rest;

	feed->skips = feed->skips && skip == count;
	if (last >= 0 && skip < count - last)
		skip = count - last;
	if (skip <= 0)
		printer_print(feed->printer, &feed->membership, line, msg);
	else if (!feed->skips || !has_more(msg)) {
		cut_line(&cut, line, msg, skip);
		if (chat_msg_read(&rest, chat_buf_span(&cut), CHAT_FROM_SERVER, NULL) == 0)
			printer_print(feed->printer, &feed->membership, chat_buf_span(&cut), &rest);
		chat_buf_free(&cut);
	}
	note_all(feed, msg);
	chat_membership_progress(&feed->membership);
}

/*
 * Prints a history, or a page, as --history says. After the first history every message is a line.
 */
static void
print_page(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	const struct listener_options *options = feed->printer->options;
	enum listener_history how = options->history;
	bool missed = feed->resumes || feed->membership.rejoined;

	if (feed->was_caught_up)
		print_flat(feed, msg, -1);
	else if (how == LISTENER_HISTORY_FLAT || (how == LISTENER_HISTORY_AUTO && missed))
		print_flat(feed, msg, options->last);
	else if (how == LISTENER_HISTORY_NONE)
		note_all(feed, msg);
	else
		print_as_line(feed, line, msg, options->last);
}

/* Prints the messages that were kept of several pages, as one history. */
static void
print_recent(struct feed *feed)
{
	struct chat_buf line = {0};
	struct chat_msg msg;

	recent_write(&feed->recent, &line);
	if (chat_msg_read(&msg, chat_buf_span(&line), CHAT_FROM_SERVER, NULL) == 0)
		print_page(feed, chat_buf_span(&line), &msg);
	chat_buf_free(&line);
	recent_free(&feed->recent);
}

/* Keeps the last messages of a page. Prints the kept messages if it is the last page. */
static void
keep_recent(struct feed *feed, const struct chat_msg *msg, int64_t last)
{
	int64_t old = count_old(feed, msg);

	feed->skips = feed->skips && old == (int64_t)chat_history_count(msg);
	recent_add(&feed->recent, msg, old, last);
	if (feed->past_done)
		print_recent(feed);
}

/* Warns if --last is more than the server sends to a user who joins. */
static void
warn_limit(const struct feed *feed, const struct chat_msg *msg)
{
	int64_t most = feed->membership.server.history, last = feed->printer->options->last;

	if (most > 0 && last > most && !feed->resumes && !feed->was_caught_up &&
		(int64_t)chat_history_count(msg) >= most)
		chat_warn("%s: the server tells who joins its last %lld messages, not %lld "
			  "(--since all: all that it has)",
			feed->membership.url_text, (long long)most, (long long)last);
}

void
feed_print_history(struct feed *feed, struct chat_span line, const struct chat_msg *msg)
{
	int64_t last = feed->printer->options->last;
	bool keeps = last > 0 && !feed->was_caught_up;

	feed->past_done = !has_more(msg);
	if (feed->printer->ending.begun)
		return;
	feed_find_gap(feed, msg);
	warn_limit(feed, msg);
	if (keeps && (feed->recent.paged || !feed->past_done))
		keep_recent(feed, msg, last);
	else
		print_page(feed, line, msg);
}

void
feed_begin_past(struct feed *feed)
{
	feed->past_done = feed->caught_up = false;
	feed->skips = feed->from_ms && (feed->skips || feed_is_at_beginning(feed));
	recent_free(&feed->recent);
}

void
feed_end_past(struct feed *feed)
{
	const char *id = chat_position_id(&feed->membership.position);
	bool missed = feed->membership.rejoined || feed->resumes;

	if (feed->printer->ending.begun)
		return;
	if (!feed->past_done && missed && *id && !feed_wants_beginning(feed))
		feed_report_gap(feed, NULL);
	feed->caught_up = feed->was_caught_up = true;
	feed->past_done = true;
	feed->skips = false;
	feed->from_ms = 0;
	printer_mark(feed->printer, feed->number, &feed->membership.position);
}
