/*
 * Reads one JSON string: finds its end, checks its escapes and counts its code points; json_value.c
 * decodes it. Most bytes of a message are in strings, so strings are read in blocks of bytes.
 */
#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "text/json_escape.h"
#include "text/json_reader.h"

/* Moves the cursor from a backslash past the escape, or past two that are a surrogate pair: one
 * code point. */
static int
scan_escape(struct chat_json *json, struct chat_err *err)
{
	const char *at = json->at;
	int unit;

	if (json->end - at < 2)
		return chat_json_fail_cut_off(json, err);
	if (at[1] != 'u') {
		if (at[1] == '\0' || !strchr("\"\\/bfnrt", at[1]))
			return chat_json_fail(
				json, at, CHAT_BAD_JSON, "an unknown escape in a string", err);
		json->at += 2;
		return 0;
	}
	unit = json_hex(at + 2, json->end);
	if (unit < 0 && json->end - at < 6)
		return chat_json_fail_cut_off(json, err);
	if (unit < 0)
		return chat_json_fail(
			json, at, CHAT_BAD_JSON, "an escape without four hexadecimal digits", err);
	if (json->any_escape) {
		json->at += 6;
		return 0;
	}
	if (unit == 0)
		return chat_json_fail(
			json, at, CHAT_NUL_CHARACTER, "an escaped NUL character", err);
	if (json_is_low_surrogate(unit) ||
		(json_is_high_surrogate(unit) && json_low_surrogate(at + 6, json->end) < 0))
		return chat_json_fail(
			json, at, CHAT_LONE_SURROGATE, "half of a surrogate pair", err);
	json->at += json_is_high_surrogate(unit) ? 12 : 6;
	return 0;
}

/* Returns true if a byte stands for itself in a string. */
static bool
is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte != '"' && byte != '\\';
}

#ifdef __SSE2__
/*
 * Moves *at past plain bytes (is_plain), sixteen at a time. Returns true if *at is now at a byte
 * that is not plain; false if fewer than sixteen bytes are left. Adds to *more the number of bytes
 * passed that continue a code point (10xxxxxx).
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

/* Returns a word whose lowest set bit is the top bit of the first byte that is 0; or 0. */
static uint64_t
has_zero(uint64_t word)
{
	return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* As has_zero, for the first byte that is a control character, a quote or a backslash. */
static uint64_t
has_special(uint64_t word)
{
	uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);

	return control | has_zero(word ^ EACH_BYTE('"')) | has_zero(word ^ EACH_BYTE('\\'));
}

/* As above, but eight bytes at a time. */
static bool
skip_blocks(const char **at, const char *end, size_t *more)
{
	uint64_t word, special, bits;

	for (; end - *at >= 8; *at += 8) {
		memcpy(&word, *at, 8);
		word = le64toh(word); /* the first byte is now the lowest */
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

/*
 * Returns the first quote, backslash or control character, or `end`. Adds the number of code points
 * before it to *points.
 */
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

int
chat_json_read_string(struct chat_json *json, struct chat_json_value *value, struct chat_err *err)
{
	const char *start = json->at++;
	size_t points = 0;
	bool escaped = false;

	for (;;) {
		json->at = skip_plain(json->at, json->end, &points);
		if (json->at == json->end)
			return chat_json_fail_cut_off(json, err);
		if (*json->at == '"')
			break;
		if (*json->at != '\\')
			return chat_json_fail_unexpected(
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
