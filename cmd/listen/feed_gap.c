/*
 * The position of a feed, and gaps: messages that are missing between the position and a history.
 */
#include "listen/feed_private.h"

#include <stdlib.h>
#include <string.h>

#include "client/history_reader.h"
#include "command/diag.h"
#include "message/encode.h"
#include "text/json_strdup.h"

/*
 * While messages are older than --since the cursor does not follow, as the next run would print
 * them.
 */
void
feed_note(struct feed *feed, const struct chat_msg *msg)
{
	chat_seen_add(&feed->seen, &msg->value[CHAT_SLOT_ID]);
	chat_position_note(&feed->membership.position, msg);
	if (!feed->skips)
		printer_mark(feed->printer, feed->number, &feed->membership.position);
}

bool
feed_is_at_beginning(const struct feed *feed)
{
	return strcmp(chat_position_id(&feed->membership.position), POSITION_BEGINNING) == 0;
}

bool
feed_wants_beginning(const struct feed *feed)
{
	return feed->wants_all && !feed->was_caught_up && !feed->skips &&
		feed_is_at_beginning(feed);
}

bool
feed_is_old(const struct feed *feed, const struct chat_msg *msg)
{
	int64_t time_ms = 0;

	chat_json_int64(msg->value[CHAT_SLOT_TIMESTAMP].raw, &time_ms);
	return time_ms < feed->from_ms;
}

/* Returns the id of the last message before a gap. The caller frees it. */
static char *
gap_after(const struct feed *feed)
{
	struct chat_msg newest;

	if (recent_newest(&feed->recent, &newest))
		return chat_json_strdup(&newest.value[CHAT_SLOT_ID]);
	return chat_strdup(chat_position_id(&feed->membership.position));
}

void
feed_report_gap(struct feed *feed, const struct chat_msg *next)
{
	char *after = gap_after(feed), *after_json = chat_encode_string(chat_span_of(after));
	char *before = next ? chat_json_strdup(&next->value[CHAT_SLOT_ID]) : NULL;
	struct chat_buf line = {0};

	feed->printer->gap = true;
	chat_warn("%s: messages may be missing after %s%s%s", feed->membership.url_text, after,
		next ? " and before " : "", next ? before : "");
	chat_buf_printf(&line, "{\"type\":\"$gap\",\"after\":%s", after_json);
	if (next) {
		chat_buf_append_string(&line, ",\"before\":");
		chat_buf_append_span(&line, next->value[CHAT_SLOT_ID].raw);
	}
	chat_buf_append_string(&line, "}");
	printer_event(feed->printer, &feed->membership, chat_buf_span(&line));
	chat_buf_free(&line);
	free(after_json);
	free(after);
	free(before);
}

/*
 * Returns true if no message is missing between the position and a history: the server says so, or
 * the history has a message that was handled before. If all messages are wanted, nothing is missing
 * before the first message that the server keeps. Only a server without pages may keep more than
 * its history shows.
 */
static bool
continues(const struct feed *feed, const struct chat_msg *msg)
{
	const char *last_id = chat_position_id(&feed->membership.position);

	if (!*last_id)
		return true;
	if (feed_wants_beginning(feed) &&
		(!chat_msg_has(msg, CHAT_SLOT_COMPLETE) || feed->membership.server.pages))
		return true;
	return chat_history_continues(msg, last_id, &feed->seen);
}

/* If the first message is older than the time of --since, no gap is reported. */
void
feed_find_gap(struct feed *feed, const struct chat_msg *msg)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg first;
	bool has_first;

	if ((!feed->resumes && !feed->membership.rejoined) || continues(feed, msg))
		return;
	chat_history_reader_begin(&history, msg);
	has_first = chat_history_reader_next(&history, &text, &first);
	if (!has_first || !feed->skips || !feed_is_old(feed, &first))
		feed_report_gap(feed, has_first ? &first : NULL);
}
