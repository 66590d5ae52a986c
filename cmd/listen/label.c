/* In a log of several channels each line says from which it is. */
#include "label.h"

#include <stdbool.h>

#include "json.h"

static void
append_member(struct chat_buf *out, struct chat_span key, struct chat_span value)
{
	if (out->len > 1)
		chat_buf_append(out, ",", 1);
	chat_buf_append_span(out, key);
	chat_buf_append(out, ":", 1);
	chat_buf_append_span(out, value);
}

/* A member whose value needs no escapes: a channel, a URL. */
static void
append_word(struct chat_buf *out, const char *name, const char *word)
{
	if (out->len > 1)
		chat_buf_append(out, ",", 1);
	chat_buf_printf(out, "\"%s\":\"%s\"", name, word);
}

/* All members but a URL that is to be another. Whether there was a channel; -1: no such object. */
static int
copy_members(struct chat_buf *out, struct chat_span line, bool has_url)
{
	struct chat_json json;
	struct chat_json_value key, value;
	bool first, named = false;
	int more;

	chat_json_begin(&json, line);
	json.any_escape = true;
	if (chat_json_enter(&json, &first, NULL) < 0)
		return -1;
	while ((more = chat_json_member(&json, &first, &key, NULL)) > 0) {
		if (chat_json_read(&json, &value, NULL) < 0)
			return -1;
		if (chat_span_equal(key.raw, CHAT_SPAN("\"url\"")) && has_url)
			continue;
		named = named || chat_span_equal(key.raw, CHAT_SPAN("\"channel\""));
		append_member(out, key.raw, value.raw);
	}
	return more < 0 ? -1 : named;
}

void
label_line(struct chat_buf *out, struct chat_span line, const char *channel, const char *url)
{
	int named;

	out->len = 0;
	chat_buf_append(out, "{", 1);
	named = copy_members(out, line, url != NULL);
	if (named < 0) { /* it is passed on as it came */
		out->len = 0;
		chat_buf_append_span(out, line);
		return;
	}
	if (!named)
		append_word(out, "channel", channel);
	if (url)
		append_word(out, "url", url);
	chat_buf_append(out, "}", 1);
}
