/*
 * Strict UTF-8 (RFC 3629), of a whole text or piece by piece. Runs of ASCII are checked eight bytes
 * at a time, because all input is checked here.
 */
#include "text/utf8.h"

#include <string.h>

#define ONES 0x0101010101010101u
#define HIGH_BITS 0x8080808080808080u

/* The bytes that a sequence still needs. After E0, ED, F0 and F4 the second byte has a smaller
 * range. */
enum utf8_state {
	ACCEPT = CHAT_UTF8_ACCEPT,
	REJECT = CHAT_UTF8_REJECT,
	ONE_MORE,
	TWO_MORE,
	THREE_MORE,
	AFTER_E0, /* below A0: overlong */
	AFTER_ED, /* above 9F: a surrogate */
	AFTER_F0, /* below 90: overlong */
	AFTER_F4 /* above 8F: past U+10FFFF */
};

/* For each state within a sequence, from ONE_MORE: the range of the next byte and the next state.
 */
static const struct {
	unsigned char low, high, next;
} continuations[] = {
	[ONE_MORE] = {0x80, 0xBF, ACCEPT},
	[TWO_MORE] = {0x80, 0xBF, ONE_MORE},
	[THREE_MORE] = {0x80, 0xBF, TWO_MORE},
	[AFTER_E0] = {0xA0, 0xBF, ONE_MORE},
	[AFTER_ED] = {0x80, 0x9F, ONE_MORE},
	[AFTER_F0] = {0x90, 0xBF, TWO_MORE},
	[AFTER_F4] = {0x80, 0x8F, TWO_MORE},
};

static uint32_t
begin(unsigned char lead)
{
	if (lead < 0x80)
		return ACCEPT;
	if (lead < 0xC2) /* a continuation byte, or the first byte of an overlong form */
		return REJECT;
	if (lead < 0xE0)
		return ONE_MORE;
	if (lead < 0xF0)
		return lead == 0xE0 ? AFTER_E0 : lead == 0xED ? AFTER_ED : TWO_MORE;
	if (lead < 0xF4)
		return lead == 0xF0 ? AFTER_F0 : THREE_MORE;
	return lead == 0xF4 ? AFTER_F4 : REJECT;
}

/* Returns the state after a byte within a sequence: `state` is neither ACCEPT nor REJECT. */
static uint32_t
advance(uint32_t state, unsigned char byte)
{
	if (byte < continuations[state].low || byte > continuations[state].high)
		return REJECT;
	return continuations[state].next;
}

static uint64_t
load_word(const char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

/* Returns the number of ASCII bytes at the front. */
static size_t
ascii_run(const char *bytes, size_t len)
{
	size_t at = 0;

	while (len - at >= 8 && !(load_word(bytes + at) & HIGH_BITS))
		at += 8;
	while (at < len && !(bytes[at] & 0x80))
		at++;
	return at;
}

static bool
continues(char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Returns the length of the sequence at the front if it is a common form of two or three bytes,
 * else 0. */
static size_t
usual_len(const char *bytes, size_t len)
{
	unsigned char lead = (unsigned char)bytes[0];

	if (len < 3 || !continues(bytes[1]))
		return 0;
	if (lead >= 0xC2 && lead < 0xE0)
		return 2;
	return lead > 0xE0 && lead < 0xF0 && lead != 0xED && continues(bytes[2]) ? 3 : 0;
}

/* Returns the length of the sequence at the front, or 0 if it is invalid or incomplete. */
static size_t
sequence_len(const char *bytes, size_t len)
{
	uint32_t state = begin((unsigned char)bytes[0]);
	size_t at = 1;

	while (state > REJECT && at < len)
		state = advance(state, (unsigned char)bytes[at++]);
	return state == ACCEPT ? at : 0;
}

size_t
chat_utf8_check(const char *bytes, size_t len)
{
	size_t at = 0, step;

	while ((at += ascii_run(bytes + at, len - at)) < len) {
		step = usual_len(bytes + at, len - at);
		if (step == 0)
			step = sequence_len(bytes + at, len - at);
		if (step == 0)
			return at;
		at += step;
	}
	return len;
}

/* Counts the bytes that begin a code point: all but those of the form 10xxxxxx. */
size_t
chat_utf8_count(const char *bytes, size_t len)
{
	size_t at, count = len;

	for (at = 0; len - at >= 8; at += 8) {
		uint64_t word = load_word(bytes + at);
		uint64_t continuing = word >> 7 & ~word >> 6 & ONES;

		count -= continuing * ONES >> 56;
	}
	for (; at < len; at++)
		count -= (bytes[at] & 0xC0) == 0x80;
	return count;
}

uint32_t
chat_utf8_feed(uint32_t state, const char *bytes, size_t len)
{
	size_t at = 0;

	while (state != REJECT && at < len) {
		if (state != ACCEPT)
			state = advance(state, (unsigned char)bytes[at++]);
		else if ((at += ascii_run(bytes + at, len - at)) < len)
			state = begin((unsigned char)bytes[at++]);
	}
	return state;
}

uint32_t
chat_utf8_decode(const char *bytes, size_t *len)
{
	const unsigned char *at = (const unsigned char *)bytes;

	if (at[0] < 0x80) {
		*len = 1;
		return at[0];
	}
	if (at[0] < 0xE0) {
		*len = 2;
		return (at[0] & 0x1Fu) << 6 | (at[1] & 0x3Fu);
	}
	if (at[0] < 0xF0) {
		*len = 3;
		return (at[0] & 0x0Fu) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
	}
	*len = 4;
	return (at[0] & 0x07u) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 |
		(at[3] & 0x3Fu);
}

size_t
chat_utf8_encode(char bytes[4], uint32_t point)
{
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		bytes[0] = (char)(0xC0 | point >> 6);
		bytes[1] = (char)(0x80 | (point & 0x3F));
		return 2;
	}
	if (point < 0x10000) {
		bytes[0] = (char)(0xE0 | point >> 12);
		bytes[1] = (char)(0x80 | (point >> 6 & 0x3F));
		bytes[2] = (char)(0x80 | (point & 0x3F));
		return 3;
	}
	bytes[0] = (char)(0xF0 | point >> 18);
	bytes[1] = (char)(0x80 | (point >> 12 & 0x3F));
	bytes[2] = (char)(0x80 | (point >> 6 & 0x3F));
	bytes[3] = (char)(0x80 | (point & 0x3F));
	return 4;
}

bool
chat_utf8_is_control(uint32_t point)
{
	if (point < 0xA0)
		return point < 0x20 || point >= 0x7F;
	if (point >= 0x2028 && point <= 0x202E) /* separators, embeddings, overrides */
		return true;
	if (point >= 0x2066 && point <= 0x2069) /* isolates */
		return true;
	return point == 0x061C || point == 0x200E || point == 0x200F; /* marks */
}

/* The ranges of invisible code points, in ascending order. */
static const struct {
	uint32_t first, last;
} invisible[] = {
	{0x00AD, 0x00AD}, /* soft hyphen */
	{0x034F, 0x034F}, /* combining grapheme joiner */
	{0x0600, 0x0605}, /* Arabic number signs */
	{0x061C, 0x061C}, /* Arabic letter mark */
	{0x06DD, 0x06DD}, /* Arabic end of ayah */
	{0x070F, 0x070F}, /* Syriac abbreviation mark */
	{0x0890, 0x0891}, /* Arabic pound and piastre marks */
	{0x08E2, 0x08E2}, /* Arabic disputed end of ayah */
	{0x115F, 0x1160}, /* Hangul fillers */
	{0x17B4, 0x17B5}, /* Khmer inherent vowels */
	{0x180B, 0x180F}, /* Mongolian selectors and separator */
	{0x200B, 0x200F}, /* joiners and marks */
	{0x202A, 0x202E}, /* bidirectional controls */
	{0x2060, 0x206F}, /* invisible operators, more bidirectional controls */
	{0x2800, 0x2800}, /* Braille blank */
	{0x3164, 0x3164}, /* Hangul filler */
	{0xFE00, 0xFE0F}, /* variation selectors */
	{0xFEFF, 0xFEFF}, /* byte-order mark */
	{0xFFA0, 0xFFA0}, /* Hangul filler */
	{0xFFF0, 0xFFFB}, /* annotations */
	{0x110BD, 0x110BD}, /* Kaithi number sign */
	{0x110CD, 0x110CD}, /* Kaithi number sign above */
	{0x13430, 0x1343F}, /* hieroglyph format controls */
	{0x13441, 0x13442}, /* hieroglyph blanks */
	{0x16FE4, 0x16FE4}, /* Khitan filler */
	{0x1BCA0, 0x1BCA3}, /* shorthand */
	{0x1D159, 0x1D159}, /* a musical note head without ink */
	{0x1D173, 0x1D17A}, /* musical format controls */
	{0xE0000, 0xE0FFF}, /* tags, more variation selectors */
};

bool
chat_utf8_is_invisible(uint32_t point)
{
	if (point < invisible[0].first)
		return false;
	for (size_t i = 0; i < sizeof(invisible) / sizeof(*invisible); i++)
		if (point <= invisible[i].last)
			return point >= invisible[i].first;
	return false;
}
