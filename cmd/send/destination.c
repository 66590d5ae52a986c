/* A line that names another channel is not said in this one. */
#include "destination.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "msg.h"

/* The string of `channel` where it means where to go; of kind null: there is none. */
static struct chat_json_value
find_channel(struct chat_span line)
{
	struct chat_json_value key, value, channel = {.kind = CHAT_JSON_NULL};
	struct chat_json json;
	bool first, has_id = false;

	chat_json_begin(&json, line);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return channel;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_read(&json, &value, NULL) < 0)
			break;
		if (chat_json_string_is(&key, CHAT_SPAN("channel")))
			channel = value;
		else if (chat_json_string_is(&key, CHAT_SPAN("id")))
			has_id = value.kind == CHAT_JSON_STRING;
	}
	if (has_id && channel.kind == CHAT_JSON_STRING)
		channel.kind = CHAT_JSON_NULL;
	return channel;
}

static bool
is_channel(const struct chat_json_value *value, const char *channel)
{
	char *name;
	bool same;

	if (value->kind != CHAT_JSON_STRING)
		return false;
	name = chat_msg_string(value);
	same = strcmp(name + (*name == '/'), channel + (*channel == '/')) == 0;
	free(name);
	return same;
}

int
destination_check(struct chat_span line, const char *channel, struct chat_err *err)
{
	struct chat_json_value value = find_channel(line);

	if (value.kind == CHAT_JSON_NULL || is_channel(&value, channel))
		return 0;
	chat_fail(err, CHAT_BAD_MESSAGE,
		"is not the channel of this connection, which is %s: chat-send -c names it",
		channel);
	if (err)
		strcpy(err->field, "/channel");
	return -1;
}
