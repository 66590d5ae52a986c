/*
 * Encodes the messages that the server sends often, directly into the block that is sent. A
 * `history` is encoded in frame/page.c, an `error` in encode_error.c.
 *
 * Each function first computes a limit of the length (…_bound), makes room for that, and then
 * writes without checks. Each put_… writes at `at`, and returns the position after the last byte
 * written.
 */
#include "serve/channel/encode.h"

#include <string.h>

#include "chat/json.h"
#include "message/rules.h"
#include "text/buf.h"

/* ---- appending ---- */

#define PUT(at, literal) put((at), (literal), sizeof(literal) - 1)

static char *
put(char *at, const char *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static char *
put_span(char *at, struct chat_span span)
{
	return put(at, span.at, span.len);
}

#define NUMBER_MAX 20 /* digits and sign of an int64_t */

static char *
put_number(char *at, int64_t number)
{
	char digits[NUMBER_MAX], *digit = digits + sizeof(digits);
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do
		*--digit = (char)('0' + rest % 10);
	while ((rest /= 10));
	if (number < 0)
		*at++ = '-';
	return put(at, digit, (size_t)(digits + sizeof(digits) - digit));
}

static char *
put_quoted(char *at, struct chat_span plain)
{
	*at++ = '"';
	at = put_span(at, plain);
	*at++ = '"';
	return at;
}

/*
 * Writes a property, or nothing if json has length 0. name: with the comma before it and the colon
 * after it.
 */
static char *
put_optional(char *at, struct chat_span name, struct chat_span json)
{
	if (!json.len)
		return at;
	at = put_span(at, name);
	return put_span(at, json);
}

/* ---- message ---- */

/* Returns the most bytes that put_words writes. Each character may be an escape of 6 bytes. */
static size_t
words_bound(struct chat_span words)
{
	size_t most = 2 + CHAT_VIA_MOST * (6 * (size_t)CHAT_WORD_MAX + 3);

	return words.len < most ? words.len : most;
}

/* Returns a limit of the length of the message. */
static size_t
message_bound(const struct outgoing_message *m)
{
	return 320 + 2 * NUMBER_MAX + m->id.len + m->sender->name_json_len + m->sender->id_len +
		m->content_json.len + m->channel.len + m->nonce_json.len + m->reply_to_json.len +
		words_bound(m->via_json) + m->file_name_json.len + m->file_type_json.len +
		m->file_size_json.len + m->file_data_json.len;
}

/* Writes `file`. Sets the position of its data in *place. start: the beginning of the payload. */
static char *
put_file(char *at, const char *start, const struct outgoing_message *m, struct frame_place *place)
{
	const char *data;

	at = PUT(at, ",\"file\":{\"name\":");
	at = put_span(at, m->file_name_json);
	at = PUT(at, ",\"type\":");
	at = put_span(at, m->file_type_json);
	at = PUT(at, ",\"size\":");
	at = put_span(at, m->file_size_json);
	*at++ = ',';
	data = at;
	at = PUT(at, "\"data\":");
	at = put_span(at, m->file_data_json);
	place->data_at = (uint32_t)(data - start);
	place->data_len = (uint32_t)(at - data);
	*at++ = '}';
	return at;
}

/* Writes an array of words without white space. The array must be valid. */
static char *
put_words(char *at, struct chat_span words)
{
	struct chat_json_value word;
	struct chat_json json;
	bool first;

	chat_json_begin(&json, words);
	chat_json_enter(&json, &first, NULL);
	*at++ = '[';
	while (chat_json_element(&json, &first, NULL) > 0) {
		chat_json_read(&json, &word, NULL);
		if (at[-1] != '[')
			*at++ = ',';
		at = put_span(at, word.raw);
	}
	*at++ = ']';
	return at;
}

/* Writes `via` and `hops`: how a bridge has forwarded the message. */
static char *
put_via_and_hops(char *at, const struct outgoing_message *m)
{
	if (m->via_json.len) {
		at = PUT(at, ",\"via\":");
		at = put_words(at, m->via_json);
	}
	if (m->hops) {
		at = PUT(at, ",\"hops\":");
		at = put_number(at, m->hops);
	}
	return at;
}

struct block *
encode_message(struct block *block, const struct outgoing_message *m, struct frame_place *place)
{
	size_t max = message_bound(m);
	char *start, *at;

	block = block_frame_begin(block, max);
	start = block->bytes + block->len;
	at = PUT(start, "{\"type\":\"message\",\"id\":");
	at = put_quoted(at, m->id);
	at = PUT(at, ",\"sender\":");
	at = put(at, m->sender->name_json, m->sender->name_json_len);
	at = PUT(at, ",\"content\":");
	at = put_span(at, m->content_json);
	at = PUT(at, ",\"timestamp\":");
	at = put_number(at, m->timestamp_ms);
	at = PUT(at, ",\"channel\":");
	at = put_quoted(at, m->channel);
	at = PUT(at, ",\"senderId\":");
	at = put_quoted(at, (struct chat_span){m->sender->id, m->sender->id_len});
	at = put_optional(at, CHAT_SPAN(",\"nonce\":"), m->nonce_json);
	at = put_optional(at, CHAT_SPAN(",\"replyTo\":"), m->reply_to_json);
	at = put_via_and_hops(at, m);
	place->data_at = place->data_len = 0;
	if (m->file_name_json.len)
		at = put_file(at, start, m, place);
	*at++ = '}';
	place->at = block_frame_end(block, CHAT_WS_TEXT, max, (size_t)(at - start));
	return block;
}

/* ---- presence ---- */

struct block *
encode_user_status(
	struct block *block, const struct user *user, bool online, struct chat_span channel)
{
	size_t max = 96 + user->id_len + user->name_json_len + channel.len;
	char *start, *at;

	block = block_frame_begin(block, max);
	start = block->bytes + block->len;
	at = PUT(start, "{\"type\":\"userStatus\",\"userId\":");
	at = put_quoted(at, (struct chat_span){user->id, user->id_len});
	at = PUT(at, ",\"username\":");
	at = put(at, user->name_json, user->name_json_len);
	at = online ? PUT(at, ",\"online\":true") : PUT(at, ",\"online\":false");
	at = PUT(at, ",\"channel\":");
	at = put_quoted(at, channel);
	*at++ = '}';
	block_frame_end(block, CHAT_WS_TEXT, max, (size_t)(at - start));
	return block;
}

static char *
put_user(char *at, const struct user *user)
{
	at = PUT(at, "{\"id\":");
	at = put_quoted(at, (struct chat_span){user->id, user->id_len});
	at = PUT(at, ",\"username\":");
	at = put(at, user->name_json, user->name_json_len);
	at = PUT(at, ",\"online\":true,\"lastActive\":");
	at = put_number(at, user->active_ms);
	*at++ = '}';
	return at;
}

static size_t
user_bound(const struct user *user)
{
	return 64 + NUMBER_MAX + user->id_len + user->name_json_len;
}

static char *
put_server(char *at, const struct outgoing_user_data *data)
{
	at = PUT(at,
		",\"server\":{\"name\":\"chat-serve\",\"version\":\"" CHAT_VERSION
		"\",\"features\":[\"nonce\",\"replyTo\",\"since\",\"presence\",\"more\","
		"\"sinceTime\",\"via\",\"hops\"],"
		"\"maxMessage\":");
	at = put_number(at, (int64_t)data->max_message_bytes);
	at = PUT(at, ",\"history\":");
	at = put_number(at, data->history);
	at = PUT(at, ",\"instance\":");
	at = put_quoted(at, data->instance);
	if (data->since.len) {
		at = PUT(at, ",\"since\":");
		at = put_quoted(at, data->since);
	}
	if (data->origin.len) {
		at = PUT(at, ",\"origin\":");
		at = put_quoted(at, data->origin);
	}
	if (data->you) {
		at = PUT(at, ",\"you\":{\"id\":");
		at = put_quoted(at, (struct chat_span){data->you->id, data->you->id_len});
		at = PUT(at, ",\"username\":");
		at = put(at, data->you->name_json, data->you->name_json_len);
		*at++ = '}';
	}
	return PUT(at, "}");
}

/* Returns how many of the present users are listed. *bytes gets a limit of their length. */
static size_t
users_fit(const struct outgoing_user_data *data, size_t *bytes)
{
	const struct user *user = data->roster->first;
	size_t count = 0;

	*bytes = 0;
	while (user && count < data->most && *bytes + user_bound(user) <= data->most_bytes) {
		*bytes += user_bound(user);
		user = user->next;
		count++;
	}
	return count;
}

struct block *
encode_user_data(const struct outgoing_user_data *data)
{
	size_t bytes, listed = users_fit(data, &bytes);
	size_t max = 512 + (data->you ? user_bound(data->you) : 0) + data->instance.len +
		data->since.len + data->origin.len + bytes;
	struct block *block = block_frame_begin(block_new(max + 10), max);
	const struct user *user = data->roster->first;
	char *start = block->bytes + block->len, *at;

	at = PUT(start, "{\"type\":\"userData\",\"users\":[");
	for (size_t i = 0; i < listed; i++, user = user->next) {
		if (i)
			*at++ = ',';
		at = put_user(at, user);
	}
	*at++ = ']';
	if (data->roster->present > listed) {
		at = PUT(at, ",\"truncated\":true,\"total\":");
		at = put_number(at, (int64_t)data->roster->present);
	}
	if (data->instance.len)
		at = put_server(at, data);
	*at++ = '}';
	block_frame_end(block, CHAT_WS_TEXT, max, (size_t)(at - start));
	return block;
}

struct block *
encode_crowd(struct block *block, size_t total, struct chat_span channel)
{
	size_t max = 96 + NUMBER_MAX + channel.len;
	char *start, *at;

	block = block_frame_begin(block, max);
	start = block->bytes + block->len;
	at = PUT(start, "{\"type\":\"userData\",\"users\":[],\"truncated\":true,\"total\":");
	at = put_number(at, (int64_t)total);
	at = PUT(at, ",\"channel\":");
	at = put_quoted(at, channel);
	*at++ = '}';
	block_frame_end(block, CHAT_WS_TEXT, max, (size_t)(at - start));
	return block;
}
