/* Adds to a line the name of its channel, for a listener of several channels. */
#include "listen/add_channel.h"

#include <stdbool.h>

#include "client/json_edit.h"

struct label {
	const char *url; /* the URL to add; NULL: none */
	bool has_channel; /* the line has a member `channel` */
};

/* Leaves out `url` if it is replaced. Sets has_channel if the key is `channel`. */
static bool
is_replaced(void *arg, const struct chat_json_value *key)
{
	struct label *label = arg;

	label->has_channel |= chat_span_equal(key->raw, CHAT_SPAN("\"channel\""));
	return label->url && chat_span_equal(key->raw, CHAT_SPAN("\"url\""));
}

/* Appends a string member. word needs no escapes: it is a channel or a URL. */
static void
append_word(struct chat_buf *out, const char *name, const char *word)
{
	chat_json_edit_comma(out);
	chat_buf_printf(out, "\"%s\":\"%s\"", name, word);
}

void
add_channel(struct chat_buf *out, struct chat_span line, const char *channel, const char *url)
{
	struct label label = {.url = url};

	out->len = 0;
	if (chat_json_edit_without(out, line, is_replaced, &label) < 0) { /* no object of JSON */
		out->len = 0;
		chat_buf_append_span(out, line);
		return;
	}
	if (!label.has_channel)
		append_word(out, "channel", channel);
	if (url)
		append_word(out, "url", url);
	chat_buf_append(out, "}", 1);
}
