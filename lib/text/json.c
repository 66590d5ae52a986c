/*
 * The one reader of untrusted JSON. Everything that comes in, off the wire or out of a file, passes
 * here before anything else looks at it: line -> json -> msg. It is strict because two readers that
 * disagree about a text are a hole, and it yields spans because most of a text is only carried on.
 */
#include "chat/json.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/json_escape.h"

void
chat_json_begin(struct chat_json *json, struct chat_span text)
{
	json->start = text.at;
	json->at = text.at;
	json->end = text.at + text.len;
	json->depth = 0;
	json->any_escape = false;
}

/* Fails at a place of the text; the place need not be the cursor. */
static int
fail(const struct chat_json *json, const char *at, enum chat_code code, const char *text,
	struct chat_err *err)
{
	return chat_fail_at(err, code, (size_t)(at - json->start), "%s", text);
}

static int
fail_cut_off(const struct chat_json *json, struct chat_err *err)
{
	return fail(json, json->end, CHAT_BAD_JSON, "the line ends inside the message", err);
}

static bool
is_byte_order_mark(const struct chat_json *json)
{
	return json->at == json->start && json->end - json->at >= 3 &&
		memcmp(json->at, "\xEF\xBB\xBF", 3) == 0;
}

/* The cursor is at a byte that cannot stand there, or at the end. */
static int
fail_unexpected(const struct chat_json *json, const char *text, struct chat_err *err)
{
	if (json->at == json->end)
		return fail_cut_off(json, err);
	if (*json->at == '\0')
		return fail(json, json->at, CHAT_NUL_CHARACTER, "a NUL byte", err);
	if (is_byte_order_mark(json))
		return fail(json, json->at, CHAT_BYTE_ORDER_MARK, "a byte-order mark", err);
	return fail(json, json->at, CHAT_BAD_JSON, text, err);
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

/* The cursor is at a backslash inside a string; moves it behind the escape, one code point. */
static int
scan_escape(struct chat_json *json, struct chat_err *err)
{
	const char *at = json->at;
	int unit;

	if (json->end - at < 2)
		return fail_cut_off(json, err);
	if (at[1] != 'u') {
		if (at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)
			return fail(json, at, CHAT_BAD_JSON, "an unknown escape in a string", err);
		json->at += 2;
		return 0;
	}
	unit = json_hex(at + 2, json->end);
	if (unit < 0 && json->end - at < 6)
		return fail_cut_off(json, err);
	if (unit < 0)
		return fail(
			json, at, CHAT_BAD_JSON, "an escape without four hexadecimal digits", err);
	if (json->any_escape) {
		json->at += 6;
		return 0;
	}
	if (unit == 0)
		return fail(json, at, CHAT_NUL_CHARACTER, "an escaped NUL character", err);
	if (json_is_low_surrogate(unit) ||
		(json_is_high_surrogate(unit) && json_low_surrogate(at + 6, json->end) < 0))
		return fail(json, at, CHAT_LONE_SURROGATE, "half of a surrogate pair", err);
	json->at += json_is_high_surrogate(unit) ? 12 : 6;
	return 0;
}

static bool
is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

#ifdef __SSE2__
/*
 * Past whole sixteens of bytes that mean themselves, and into the one where they end: then true.
 * Adds to *more the bytes that continue a code point.
 */
static bool
skip_blocks(const char **at, const char *end, size_t *more)
{
	for (; end - *at >= 16; *at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)*at);
		__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
		__m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
		__m128i escape = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
		unsigned special = (unsigned)_mm_movemask_epi8(
			_mm_or_si128(control, _mm_or_si128(quote, escape)));
		unsigned continuing = (unsigned)_mm_movemask_epi8(
			_mm_cmplt_epi8(bytes, _mm_set1_epi8((char)0xC0)));

		if (special)
			continuing &= (special & -special) - 1;
		if (continuing)
			*more += (size_t)__builtin_popcount(continuing);
		if (special) {
			*at += __builtin_ctz(special);
			return true;
		}
	}
	return false;
}
#else
#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Nonzero when one of the eight bytes is 0; the lowest bit set is then the top one of the first. */
static uint64_t
has_zero(uint64_t word)
{
	return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

static uint64_t
has_special(uint64_t word)
{
	uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);

	return control | has_zero(word ^ EACH_BYTE('"')) | has_zero(word ^ EACH_BYTE('\\'));
}

/* Likewise, eight at a time. */
static bool
skip_blocks(const char **at, const char *end, size_t *more)
{
	uint64_t word, special, bits;

	for (; end - *at >= 8; *at += 8) {
		memcpy(&word, *at, 8);
		word = le64toh(word); /* the first byte lowest */
		special = has_special(word);
		bits = word & ~(word << 1) & EACH_BYTE(0x80);
		if (special)
			bits &= (special & -special) - 1;
		if (bits)
			*more += (bits >> 7) * EACH_BYTE(1) >> 56;
		if (special) {
			*at += __builtin_ctzll(special) / 8;
			return true;
		}
	}
	return false;
}
#endif

/* Past the bytes of a string that mean themselves; counts their code points. */
static const char *
skip_plain(const char *at, const char *end, size_t *points)
{
	const char *start = at;
	size_t more = 0;

	if (!skip_blocks(&at, end, &more))
		for (; at < end && is_plain((unsigned char)*at); at++)
			more += ((unsigned char)*at & 0xC0) == 0x80;
	*points += (size_t)(at - start) - more;
	return at;
}

/* The cursor is at the opening quote. */
static int
read_string(struct chat_json *json, struct chat_json_value *value, struct chat_err *err)
{
	const char *start = json->at++;
	size_t points = 0;
	bool escaped = false;

	for (;;) {
		json->at = skip_plain(json->at, json->end, &points);
		if (json->at == json->end)
			return fail_cut_off(json, err);
		if (*json->at == '"')
			break;
		if (*json->at != '\\')
			return fail_unexpected(
				json, "an unescaped control character in a string", err);
		if (scan_escape(json, err))
			return -1;
		points++;
		escaped = true;
	}
	json->at++;
	value->kind = CHAT_JSON_STRING;
	value->raw = (struct chat_span){start, (size_t)(json->at - start)};
	value->points = points;
	value->escaped = escaped;
	return 0;
}

/* At least one digit. */
static int
skip_digits(struct chat_json *json, struct chat_err *err)
{
	const char *start = json->at;

	while (json->at < json->end && *json->at >= '0' && *json->at <= '9')
		json->at++;
	return json->at > start ? 0 : fail_unexpected(json, "expected a digit", err);
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
			return fail_unexpected(json, "a number with a leading zero", err);
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
			return fail_unexpected(json, "expected true, false or null", err);
	return 0;
}

int
chat_json_peek(struct chat_json *json, enum chat_json_kind *kind, struct chat_err *err)
{
	skip_space(json);
	if (json->at == json->end && json->depth == 0)
		return fail(json, json->at, CHAT_BAD_JSON, "the line holds no message", err);
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
		return fail_unexpected(json, "expected a value", err);
	}
}

int
chat_json_enter(struct chat_json *json, bool *first, struct chat_err *err)
{
	skip_space(json);
	if (!at_either(json, '{', '['))
		return fail_unexpected(json, "expected an object or an array", err);
	if (json->depth == CHAT_JSON_DEPTH)
		return chat_fail_at(err, CHAT_TOO_DEEP, (size_t)(json->at - json->start),
			"more than %d levels of arrays and objects", CHAT_JSON_DEPTH);
	json->at++;
	json->depth++;
	*first = true;
	return 0;
}

/* Past the comma before an item, or the bracket after the last one; 1, 0 or -1 as _member. */
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
		return fail_unexpected(json, expected, err);
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
		return fail_unexpected(json, "expected a key in double quotes", err);
	if (read_string(json, key, err))
		return -1;
	skip_space(json);
	if (!at_either(json, ':', ':'))
		return fail_unexpected(json, "expected a colon after the key", err);
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
		return read_string(json, value, err);
	if (kind == CHAT_JSON_NUMBER ? read_number(json, err) : read_word(json, err))
		return -1;
	value->kind = kind;
	value->raw = (struct chat_span){start, (size_t)(json->at - start)};
	return 0;
}

/* Which of the open containers are objects: a bit for each level. */
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

/* Reads to the end of the container that begins here. Nesting costs a bit, not a call. */
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
		return fail_unexpected(json, "", err);
	return fail(json, json->at, CHAT_TRAILING_DATA,
		*json->at == '{' ? "a second message on the same line"
				 : "something follows the message",
		err);
}
