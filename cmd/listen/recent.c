/* --last: keeps only the last messages of a history of several pages. */
#include "listen/recent.h"

#include <stdlib.h>
#include <string.h>

#include "client/history_reader.h"

struct recent_text {
	struct recent_text *next;
	size_t len;
	char bytes[];
};

/* Removes the oldest message. */
static void
recent_drop(struct recent *recent)
{
	struct recent_text *first = recent->first;

	recent->first = first->next;
	if (!recent->first)
		recent->last = NULL;
	recent->count--;
	free(first);
}

void
recent_free(struct recent *recent)
{
	while (recent->first)
		recent_drop(recent);
	*recent = (struct recent){0};
}

/* Adds a message. */
static void
recent_put(struct recent *recent, struct chat_span text)
{
	struct recent_text *last = chat_alloc(sizeof(*last) + text.len);

	last->next = NULL;
	last->len = text.len;
	memcpy(last->bytes, text.at, text.len);
	if (recent->last)
		recent->last->next = last;
	else
		recent->first = last;
	recent->last = last;
	recent->count++;
}

void
recent_add(struct recent *recent, const struct chat_msg *page, int64_t skip, int64_t most)
{
	struct history_reader history;
	struct chat_span text;
	struct chat_msg msg;

	recent->paged = true;
	recent->incomplete |= !chat_msg_has(page, CHAT_SLOT_COMPLETE) ||
		page->value[CHAT_SLOT_COMPLETE].raw.at[0] != 't';
	chat_history_reader_begin(&history, page);
	while (chat_history_reader_next(&history, &text, &msg)) {
		if (skip-- > 0)
			continue;
		recent_put(recent, text);
		if (recent->count > most)
			recent_drop(recent);
	}
}

bool
recent_newest(const struct recent *recent, struct chat_msg *msg)
{
	return recent->last &&
		chat_msg_read(msg, (struct chat_span){recent->last->bytes, recent->last->len},
			CHAT_FROM_SERVER, NULL) == 0;
}

void
recent_write(const struct recent *recent, struct chat_buf *line)
{
	const struct recent_text *text;

	chat_buf_append_string(line, "{\"type\":\"history\",\"messages\":[");
	for (text = recent->first; text; text = text->next) {
		if (text != recent->first)
			chat_buf_append_string(line, ",");
		chat_buf_append(line, text->bytes, text->len);
	}
	chat_buf_printf(line, "],\"complete\":%s}", recent->incomplete ? "false" : "true");
}
