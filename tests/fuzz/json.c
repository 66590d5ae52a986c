/*
 * Any bytes as JSON: the reader stays inside its input, and a value that it accepts as a whole it
 * also accepts step by step, with the same end. Only the valid UTF-8 at the front of the input is
 * used.
 */
#include <chat/json.h>
#include <chat/utf8.h>
#include <stdlib.h>

#include "fuzz.h"

/* Returns the number of code points in valid UTF-8. */
static size_t
count_points(const char *bytes, size_t len)
{
	size_t points = 0;

	for (size_t i = 0; i < len; i++)
		points += (bytes[i] & 0xC0) != 0x80;
	return points;
}

static void
check_string(const struct chat_json_value *string)
{
	char *whole = malloc(string->raw.len), *pieces = malloc(string->raw.len + 8);
	size_t len = chat_json_unescape(string, whole, string->raw.len), got = 0;
	struct chat_span rest = chat_json_inside(string);

	need(len != (size_t)-1 && len <= string->raw.len - 2);
	need(chat_utf8_check(whole, len) == len);
	need(count_points(whole, len) == string->points);
	need(!memchr(whole, '\0', len));
	need(chat_json_string_is(string, (struct chat_span){whole, len}));
	while (rest.len > 0)
		got += chat_json_decode(&rest, pieces + got, 5 < len - got ? 5 : len - got + 4);
	need(got == len && memcmp(whole, pieces, len) == 0);
	free(whole);
	free(pieces);
}

static void
check_number(struct chat_span number)
{
	bool integer = chat_json_is_integer(number);
	int64_t value;

	if (!integer) {
		need(!chat_json_int64(number, &value));
	} else if (chat_json_int64(number, &value)) {
		need(chat_json_compare_integer(number, value) == 0);
		need(value == INT64_MAX || chat_json_compare_integer(number, value + 1) < 0);
		need(value == INT64_MIN || chat_json_compare_integer(number, value - 1) > 0);
	} else {
		need(chat_json_compare_integer(number, INT64_MAX) > 0 ||
			chat_json_compare_integer(number, INT64_MIN) < 0);
	}
}

/* Reads the next value, stepping through its first levels. Bounds its recursion. */
static int
walk(struct chat_json *json, int levels)
{
	struct chat_json_value value, key;
	enum chat_json_kind kind;
	bool first;
	int more;

	if (chat_json_peek(json, &kind, NULL))
		return -1;
	if (kind < CHAT_JSON_ARRAY || levels == 0) {
		if (chat_json_read(json, &value, NULL))
			return -1;
		need(value.kind == kind);
		if (kind == CHAT_JSON_STRING)
			check_string(&value);
		if (kind == CHAT_JSON_NUMBER)
			check_number(value.raw);
		return 0;
	}
	if (chat_json_enter(json, &first, NULL))
		return -1;
	while ((more = kind == CHAT_JSON_OBJECT ? chat_json_member(json, &first, &key, NULL)
						: chat_json_element(json, &first, NULL)) > 0) {
		if (kind == CHAT_JSON_OBJECT)
			check_string(&key);
		if (walk(json, levels - 1))
			return -1;
	}
	return more;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span text = {(const char *)data, size};
	struct chat_json json;
	struct chat_json_value value;
	struct chat_err err = {0};
	int whole, stepped;

	text.len = chat_utf8_check(text.at, text.len);
	chat_json_begin(&json, text);
	whole = chat_json_read(&json, &value, &err) || chat_json_end(&json, &err);
	need(whole == 0 || (err.offset <= text.len && err.text[0]));
	chat_json_begin(&json, text);
	stepped = walk(&json, 16) || chat_json_end(&json, NULL);
	need(whole == stepped);
	return 0;
}
