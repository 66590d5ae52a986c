/*
 * The only reader of untrusted JSON. msg.c calls it for every line from a connection or a file,
 * before other code uses the line. The reader is strict, because two readers that understand a text
 * differently are a security hole. It yields spans, because most of a text is only passed on.
 */
#include "chat/json.h"

#include "text/err.h"
#include "text/json_reader.h"

void
chat_json_begin(struct chat_json *json, struct chat_span text)
{
	json->start = text.at;
	json->at = text.at;
	json->end = text.at + text.len;
	json->depth = 0;
	json->any_escape = false;
}

int
chat_json_fail(const struct chat_json *json, const char *at, enum chat_code code, const char *text,
	struct chat_err *err)
{
	return chat_fail_at(err, code, (size_t)(at - json->start), "%s", text);
}

int
chat_json_fail_cut_off(const struct chat_json *json, struct chat_err *err)
{
	return chat_json_fail(
		json, json->end, CHAT_BAD_JSON, "the line ends inside the message", err);
}

static bool
is_byte_order_mark(const struct chat_json *json)
{
	return json->at == json->start && json->end - json->at >= 3 &&
		memcmp(json->at, "\xEF\xBB\xBF", 3) == 0;
}

int
chat_json_fail_unexpected(const struct chat_json *json, const char *text, struct chat_err *err)
{
	if (json->at == json->end)
		return chat_json_fail_cut_off(json, err);
	if (*json->at == '\0')
		return chat_json_fail(json, json->at, CHAT_NUL_CHARACTER, "a NUL byte", err);
	if (is_byte_order_mark(json))
		return chat_json_fail(
			json, json->at, CHAT_BYTE_ORDER_MARK, "a byte-order mark", err);
	return chat_json_fail(json, json->at, CHAT_BAD_JSON, text, err);
}

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline void
skip_space(struct chat_json *json)
{
	while (json->at < json->end && is_space(*json->at))
		json->at++;
}

/* Moves past digits; fails if there is none. */
static int
skip_digits(struct chat_json *json, struct chat_err *err)
{
	const char *start = json->at;

	while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
		json->at++;
	return json->at > start ? 0 : chat_json_fail_unexpected(json, "expected a digit", err);
}

static bool
at_either(const struct chat_json *json, char a, char b)
{
	return json->at < json->end && (*json->at == a || *json->at == b);
}

static int
read_number(struct chat_json *json, struct chat_err *err)
{
	if (*json->at == '-')
		json->at++;
	if (at_either(json, '0', '0')) {
		json->at++;
		if (json->at < json->end && *json->at >= '0' && *json->at <= '9')
			return chat_json_fail_unexpected(json, "a number with a leading zero", err);
	} else if (skip_digits(json, err)) {
		return -1;
	}
	if (at_either(json, '.', '.')) {
		json->at++;
		if (skip_digits(json, err))
			return -1;
	}
	if (at_either(json, 'e', 'E')) {
		json->at++;
		if (at_either(json, '+', '-'))
			json->at++;
		if (skip_digits(json, err))
			return -1;
	}
	return 0;
}

static int
read_word(struct chat_json *json, struct chat_err *err)
{
	struct chat_span word = *json->at == 't' ? CHAT_SPAN("true")
		: *json->at == 'f'               ? CHAT_SPAN("false")
						 : CHAT_SPAN("null");

	for (size_t i = 0; i < word.len; i++, json->at++)
		if (json->at == json->end || *json->at != word.at[i])
			return chat_json_fail_unexpected(json, "expected true, false or null", err);
	return 0;
}

int
chat_json_peek(struct chat_json *json, enum chat_json_kind *kind, struct chat_err *err)
{
	skip_space(json);
	if (json->at == json->end && json->depth == 0)
		return chat_json_fail(
			json, json->at, CHAT_BAD_JSON, "the line holds no message", err);
	switch (json->at < json->end ? *json->at : '\0') {
	case '"':
		*kind = CHAT_JSON_STRING;
		return 0;
	case '{':
		*kind = CHAT_JSON_OBJECT;
		return 0;
	case '[':
		*kind = CHAT_JSON_ARRAY;
		return 0;
	case 't':
	case 'f':
		*kind = CHAT_JSON_BOOLEAN;
		return 0;
	case 'n':
		*kind = CHAT_JSON_NULL;
		return 0;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9':
		*kind = CHAT_JSON_NUMBER;
		return 0;
	default:
		return chat_json_fail_unexpected(json, "expected a value", err);
	}
}

int
chat_json_enter(struct chat_json *json, bool *first, struct chat_err *err)
{
	skip_space(json);
	if (!at_either(json, '{', '['))
		return chat_json_fail_unexpected(json, "expected an object or an array", err);
	if (json->depth == CHAT_JSON_DEPTH)
		return chat_fail_at(err, CHAT_TOO_DEEP, (size_t)(json->at - json->start),
			"more than %d levels of arrays and objects", CHAT_JSON_DEPTH);
	json->at++;
	json->depth++;
	*first = true;
	return 0;
}

/* Moves past the comma before an item, or past the closing bracket. Returns as chat_json_member. */
static int
step(struct chat_json *json, bool *first, char close, const char *expected, struct chat_err *err)
{
	skip_space(json);
	if (json->at < json->end && *json->at == close) {
		json->at++;
		json->depth--;
		return 0;
	}
	if (*first) {
		*first = false;
		return 1;
	}
	if (!at_either(json, ',', ','))
		return chat_json_fail_unexpected(json, expected, err);
	json->at++;
	skip_space(json);
	return 1;
}

int
chat_json_member(
	struct chat_json *json, bool *first, struct chat_json_value *key, struct chat_err *err)
{
	int more = step(json, first, '}', "expected a comma or the end of the object", err);

	if (more <= 0)
		return more;
	if (!at_either(json, '"', '"'))
		return chat_json_fail_unexpected(json, "expected a key in double quotes", err);
	if (chat_json_read_string(json, key, err))
		return -1;
	skip_space(json);
	if (!at_either(json, ':', ':'))
		return chat_json_fail_unexpected(json, "expected a colon after the key", err);
	json->at++;
	return 1;
}

int
chat_json_element(struct chat_json *json, bool *first, struct chat_err *err)
{
	return step(json, first, ']', "expected a comma or the end of the array", err);
}

static int
read_scalar(struct chat_json *json, enum chat_json_kind kind, struct chat_json_value *value,
	struct chat_err *err)
{
	const char *start = json->at;

	if (kind == CHAT_JSON_STRING)
		return chat_json_read_string(json, value, err);
	if (kind == CHAT_JSON_NUMBER ? read_number(json, err) : read_word(json, err))
		return -1;
	value->kind = kind;
	value->raw = (struct chat_span){start, (size_t)(json->at - start)};
	return 0;
}

/* One bit for each open container: set if it is an object. */
struct nest {
	uint64_t objects[(CHAT_JSON_DEPTH + 64) / 64];
};

static void
nest_note(struct nest *nest, unsigned depth, bool object)
{
	uint64_t bit = UINT64_C(1) << depth % 64;

	if (object)
		nest->objects[depth / 64] |= bit;
	else
		nest->objects[depth / 64] &= ~bit;
}

static bool
nest_is_object(const struct nest *nest, unsigned depth)
{
	return (nest->objects[depth / 64] >> depth % 64 & 1) != 0;
}

/* Reads the container at the cursor to its end. A nested container needs one bit and no recursion.
 */
static int
read_container(struct chat_json *json, bool object, struct chat_err *err)
{
	unsigned base = json->depth;
	struct nest nest;
	bool first;

	if (chat_json_enter(json, &first, err))
		return -1;
	nest.objects[json->depth / 64] = 0;
	nest_note(&nest, json->depth, object);
	while (json->depth > base) {
		struct chat_json_value value;
		enum chat_json_kind kind;
		int more = nest_is_object(&nest, json->depth)
			? chat_json_member(json, &first, &value, err)
			: chat_json_element(json, &first, err);

		if (more < 0)
			return -1;
		if (more == 0) {
			first = false;
			continue;
		}
		if (chat_json_peek(json, &kind, err))
			return -1;
		if (kind < CHAT_JSON_ARRAY) {
			if (read_scalar(json, kind, &value, err))
				return -1;
			continue;
		}
		if (chat_json_enter(json, &first, err))
			return -1;
		if (json->depth % 64 == 0)
			nest.objects[json->depth / 64] = 0;
		nest_note(&nest, json->depth, kind == CHAT_JSON_OBJECT);
	}
	return 0;
}

int
chat_json_read(struct chat_json *json, struct chat_json_value *value, struct chat_err *err)
{
	enum chat_json_kind kind;
	const char *start;

	if (chat_json_peek(json, &kind, err))
		return -1;
	if (kind < CHAT_JSON_ARRAY)
		return read_scalar(json, kind, value, err);
	start = json->at;
	if (read_container(json, kind == CHAT_JSON_OBJECT, err))
		return -1;
	value->kind = kind;
	value->raw = (struct chat_span){start, (size_t)(json->at - start)};
	return 0;
}

int
chat_json_end(struct chat_json *json, struct chat_err *err)
{
	skip_space(json);
	if (json->at == json->end)
		return 0;
	if (*json->at == '\0')
		return chat_json_fail_unexpected(json, "", err);
	return chat_json_fail(json, json->at, CHAT_TRAILING_DATA,
		*json->at == '{' ? "a second message on the same line"
				 : "something follows the message",
		err);
}
