#ifndef CHAT_MESSAGE_SCAN_STRING_H
#define CHAT_MESSAGE_SCAN_STRING_H

/*
 * Strings: compares keys with the plan, and checks the limits and formats of string values. Escapes
 * are checked many at a time, because a text in a script other than Latin may consist of them.
 */
#include "message/scan_plan.h"
#include "message/scan_vec.h"
#include "text/json_escape.h"

/* Returns true if this text is at `at`. Reads sixteen bytes there. */
#ifdef SCAN_OWN_WAYS
static inline bool is_spelled(const char *at, const struct scan_text *text);
#else
static inline bool
is_spelled(const char *at, const struct scan_text *text)
{
	uint64_t bytes[2];

	memcpy(bytes, at, sizeof(bytes));
	return (((bytes[0] ^ text->bytes[0]) & text->mask[0]) |
		       ((bytes[1] ^ text->bytes[1]) & text->mask[1])) == 0;
}
#endif

/* Returns the next quote, backslash or control character. */
static inline const char *
skip_plain(const char *at)
{
	for (;; at += SCAN_WIDTH) {
		uint64_t special = vec_mask(vec_is_special(vec_load(at)));

		if (special)
			return at + mask_first(special);
	}
}

/* Moves past letters, digits and these two characters. */
static inline const char *
skip_class(const char *at, char one, char other)
{
	for (;; at += SCAN_WIDTH) {
		vec bytes = vec_load(at);
		vec_result letter = vec_within(bytes | vec_of(0x20), 'a', 'z');
		vec_result digit = vec_within(bytes, '0', '9');
		vec_result rest =
			vec_is(bytes, (unsigned char)one) | vec_is(bytes, (unsigned char)other);
		uint64_t no = vec_mask(letter | digit | rest) ^ MASK_ALL;

		if (no)
			return at + mask_first(no);
	}
}

/* Moves past one escape, or two that are a surrogate pair. */
static const char *
skip_escape(const char *at)
{
	int unit;

	switch (at[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at + 2;
	case 'u':
		break;
	default:
		return NULL;
	}
	unit = json_hex(at + 2, at + 6);
	if (unit <= 0 || json_is_low_surrogate(unit))
		return NULL;
	if (!json_is_high_surrogate(unit))
		return at + 6;
	return json_low_surrogate(at + 6, at + 12) < 0 ? NULL : at + 12;
}

#if SCAN_WIDTH > 8
/* Sets of bytes among the next ones, one bit for each byte. */
#define ESCAPES_WIDTH (SCAN_WIDTH > 32 ? SCAN_WIDTH : 32)
struct escape_masks {
	uint64_t backslash, end, u, hex, zero, d, octal, c_to_f;
};

#ifdef SCAN_OWN_ESCAPES
static inline struct escape_masks escape_masks(const char *at);
#else
static inline struct escape_masks
escape_masks(const char *at)
{
	struct escape_masks masks = {0};

	for (unsigned i = 0; i < ESCAPES_WIDTH; i += SCAN_WIDTH) {
		vec bytes = vec_load(at + i), lower = bytes | vec_of(0x20);
		vec_result letter = vec_within(lower, 'a', 'f');

		masks.backslash |= vec_mask(vec_is(bytes, '\\')) << i;
		masks.end |= vec_mask(vec_is(bytes, '"') | vec_at_most(bytes, 0x1F)) << i;
		masks.u |= vec_mask(vec_is(bytes, 'u')) << i;
		masks.hex |= vec_mask(vec_within(bytes, '0', '9') | letter) << i;
		masks.zero |= vec_mask(vec_is(bytes, '0')) << i;
		masks.d |= vec_mask(vec_is(lower, 'd')) << i;
		masks.octal |= vec_mask(vec_within(bytes, '0', '7')) << i;
		masks.c_to_f |= vec_mask(vec_within(lower, 'c', 'f')) << i;
	}
	return masks;
}
#endif

static inline uint64_t
bits_from(uint64_t bits, unsigned first)
{
	return bits >> first << first;
}

/* Returns true if each byte whose bit is in `places` can follow a backslash, except u. */
static inline bool
are_letters(const char *at, uint64_t places)
{
	for (; places; places &= places - 1)
		if (!memchr("\"/bfnrt", at[__builtin_ctzll(places)], 7))
			return false;
	return true;
}

/*
 * Moves from a backslash past at most ESCAPES_WIDTH bytes and checks all escapes in them. Stops
 * earlier at the end of the string, or before an escape or surrogate pair that does not end within
 * them. If a backslash is escaped, moves past one escape only.
 */
static const char *
skip_escapes(const char *at)
{
	struct escape_masks masks = escape_masks(at);
	uint64_t escaped = masks.backslash << 1, units = escaped & masks.u;
	uint64_t second = (units << 1 & masks.d) << 1 & ~masks.octal; /* second digit: surrogate */
	uint64_t high = (second & ~masks.c_to_f) >> 3, low = (second & masks.c_to_f) >> 3;
	uint64_t ends, before, digits;

	if (masks.backslash & escaped)
		return skip_escape(at);
	ends = (masks.end & ~escaped) | bits_from(masks.backslash, ESCAPES_WIDTH - 5) |
		bits_from(high, ESCAPES_WIDTH - 11);
	before = ends ? (ends & -ends) - 1 : UINT64_MAX >> (64 - ESCAPES_WIDTH);
	units &= before;
	digits = units << 1 | units << 2 | units << 3 | units << 4;
	if (digits & ~masks.hex || (low & before) != (high & before) << 6)
		return NULL;
	if (units << 1 & masks.zero & masks.zero >> 1 & masks.zero >> 2 & masks.zero >> 3)
		return NULL;
	if (!are_letters(at, escaped & ~units & before))
		return NULL;
	return ends ? at + __builtin_ctzll(ends) : at + ESCAPES_WIDTH;
}
#else
#define skip_escapes skip_escape
#endif

/* Scans a string from the byte after its opening quote. Returns the end of its closing quote. Sets
 * *escaped to true if it has a backslash. */
static inline const char *
scan_escaped(const char *at, bool *escaped)
{
	for (;;) {
		at = skip_plain(at);
		if (*at == '"')
			return at + 1;
		if (*at != '\\')
			return NULL;
		*escaped = true;
		do
			at = at[1] == 'u' ? skip_escapes(at) : skip_escape(at);
		while (at && *at == '\\');
		if (!at)
			return NULL;
	}
}

static inline const char *
scan_string(const char *at)
{
	bool escaped = false;

	return scan_escaped(at, &escaped);
}

static inline size_t
count_plain(const char *at, const char *end)
{
	size_t count = (size_t)(end - at);

	for (; at < end; at += SCAN_WIDTH) {
		vec bytes = vec_load(at);
		uint64_t more = vec_mask(vec_is(bytes & vec_of(0xC0), 0x80));

		if (end - at < SCAN_WIDTH)
			more = mask_before(more, (size_t)(end - at));
		count -= mask_count(more);
	}
	return count;
}

/* Returns the number of code points in a string that was scanned. */
static size_t
count_points(const char *at, const char *end)
{
	size_t points = 0;

	while (at < end) {
		const char *plain = skip_plain(at);
		bool pair;

		if (plain > at) {
			points += count_plain(at, plain);
			at = plain;
			continue;
		}
		pair = (at[2] | 0x20) == 'd' && at[3] >= '8';
		at += at[1] != 'u' ? 2 : pair ? 12 : 6;
		points++;
	}
	return points;
}

static inline const char *
scan_limited(const struct scan_field *field, const char *start)
{
	const char *end = scan_string(start);
	size_t bytes, points;

	if (!end)
		return NULL;
	bytes = (size_t)(end - 1 - start);
	if (bytes >= field->enough && bytes <= field->max)
		return end;
	points = count_points(start, end - 1);
	return points >= field->min && points <= field->max ? end : NULL;
}

static inline const char *
scan_id(const char *start)
{
	const char *end = skip_class(start, '-', '-');

	return end > start && *end == '"' ? end + 1 : NULL;
}

static inline const char *
scan_base64(const char *start)
{
	const char *end = skip_class(start, '+', '/');
	size_t odd = (size_t)(end - start) % 4;

	if (*end == '"')
		return odd == 1 ? NULL : end + 1;
	if (odd == 2 && end[0] == '=' && end[1] == '=' && end[2] == '"')
		return end + 3;
	return odd == 3 && end[0] == '=' && end[1] == '"' ? end + 2 : NULL;
}

#endif
