/* Reads what the first userData says about the server, beyond the specification. */
#include "client/server_info.h"

#include "chat/json.h"
#include "client/seen.h"

static void
read_feature(struct server_info *server, const struct chat_json_value *word)
{
	server->nonces |= chat_json_string_is(word, CHAT_SPAN("nonce"));
	server->reply_to |= chat_json_string_is(word, CHAT_SPAN("replyTo"));
	server->via |= chat_json_string_is(word, CHAT_SPAN("via"));
	server->hops |= chat_json_string_is(word, CHAT_SPAN("hops"));
	server->pages |= chat_json_string_is(word, CHAT_SPAN("more"));
	server->past |= chat_json_string_is(word, CHAT_SPAN("since"));
}

/* Reads the value that comes next: an array of words, or anything else, which is ignored. */
static void
read_features(struct server_info *server, struct chat_json *json)
{
	struct chat_json_value value;
	enum chat_json_kind kind;
	bool first;

	if (chat_json_peek(json, &kind, NULL) < 0 || kind != CHAT_JSON_ARRAY) {
		chat_json_read(json, &value, NULL);
		return;
	}
	if (chat_json_enter(json, &first, NULL) < 0)
		return;
	while (chat_json_element(json, &first, NULL) > 0) {
		if (chat_json_read(json, &value, NULL) < 0)
			return;
		if (value.kind == CHAT_JSON_STRING)
			read_feature(server, &value);
	}
}

/* Copies a string with a NUL; "" if it is no string or does not fit. */
static void
read_string(char *to, size_t size, const struct chat_json_value *value)
{
	size_t len = value->kind == CHAT_JSON_STRING ? chat_json_unescape(value, to, size - 1)
						     : (size_t)-1;

	to[len == (size_t)-1 ? 0 : len] = '\0';
}

/* Reads `you`: {"id":…}. */
static void
read_you(struct server_info *server, struct chat_span object)
{
	struct chat_json_value key, value;
	struct chat_json json;
	bool first;

	chat_json_begin(&json, object);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_read(&json, &value, NULL) < 0)
			return;
		if (chat_json_string_is(&key, CHAT_SPAN("id")))
			read_string(server->id, sizeof(server->id), &value);
	}
}

void
chat_server_info_read(struct server_info *server, struct chat_span object)
{
	struct chat_json_value key, value;
	struct chat_json json;
	int64_t bytes;
	bool first;

	server->known = true;
	chat_json_begin(&json, object);
	if (chat_json_enter(&json, &first, NULL) < 0)
		return;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_string_is(&key, CHAT_SPAN("features"))) {
			read_features(server, &json);
			continue;
		}
		if (chat_json_read(&json, &value, NULL) < 0)
			return;
		if (chat_json_string_is(&key, CHAT_SPAN("maxMessage")) &&
			value.kind == CHAT_JSON_NUMBER && chat_json_int64(value.raw, &bytes) &&
			bytes > 0)
			server->max_message_bytes =
				(uint64_t)bytes < SIZE_MAX ? (size_t)bytes : SIZE_MAX;
		if (chat_json_string_is(&key, CHAT_SPAN("history")) &&
			value.kind == CHAT_JSON_NUMBER)
			chat_json_int64(value.raw, &server->history);
		if (chat_json_string_is(&key, CHAT_SPAN("instance")) &&
			value.kind == CHAT_JSON_STRING)
			server->instance = chat_seen_hash(&value);
		if (chat_json_string_is(&key, CHAT_SPAN("origin")))
			read_string(server->origin, sizeof(server->origin), &value);
		if (chat_json_string_is(&key, CHAT_SPAN("since")))
			read_string(server->since, sizeof(server->since), &value);
		if (chat_json_string_is(&key, CHAT_SPAN("you")) && value.kind == CHAT_JSON_OBJECT)
			read_you(server, value.raw);
	}
}
