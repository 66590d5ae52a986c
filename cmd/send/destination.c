/* A line that names another channel is refused: there is one connection, to one channel. */
#include "send/destination.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "text/err.h"
#include "text/json_strdup.h"

/* Returns true if a value names this channel, or is null, which jq makes of a missing member. */
static bool
is_channel(const struct chat_json_value *value, const char *channel)
{
	char *name;
	bool same;

	if (value->kind != CHAT_JSON_STRING)
		return value->kind == CHAT_JSON_NULL;
	name = chat_json_strdup(value);
	same = strcmp(name + (*name == '/'), channel + (*channel == '/')) == 0;
	free(name);
	return same;
}

/*
 * Returns false only if a line has no member `channel`. This check is faster than parsing, and most
 * lines have none. A name with escapes may be `channel`.
 */
static bool
may_name_channel(struct chat_span line)
{
	return memmem(line.at, line.len, "channel", strlen("channel")) ||
		memchr(line.at, '\\', line.len);
}

int
destination_check(struct chat_span line, const char *channel, struct chat_err *err)
{
	bool first, carried = false, elsewhere = false;
	struct chat_json_value key, value;
	struct chat_json json;

	if (!may_name_channel(line))
		return 0;
	chat_json_begin(&json, line);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_member(&json, &first, &key, NULL) > 0 &&
		chat_json_read(&json, &value, NULL) == 0) {
		if (chat_json_string_is(&key, CHAT_SPAN("channel")))
			elsewhere |= !is_channel(&value, channel);
		else if (chat_json_string_is(&key, CHAT_SPAN("id")))
			carried |= value.kind == CHAT_JSON_STRING;
	}
	if (carried || !elsewhere)
		return 0;
	chat_fail(err, CHAT_BAD_MESSAGE,
		"is not the channel of this connection, which is %s: chat-send -c names it",
		channel);
	if (err)
		strcpy(err->field, "/channel");
	return -1;
}
