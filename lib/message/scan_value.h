#ifndef CHAT_MESSAGE_SCAN_VALUE_H
#define CHAT_MESSAGE_SCAN_VALUE_H

/*
 * Numbers and booleans, and values without a rule. Of these only the JSON is checked.
 */
#include "message/scan_string.h"

/* Moves past spaces, tabs and CR; stops at a newline, because it ends the line. */
static inline const char *
skip_space(const char *at)
{
	if ((unsigned char)*at > ' ')
		return at;
	while (*at == ' ' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

static inline const char *
skip_digits(const char *at)
{
	for (;; at += SCAN_WIDTH) {
		uint64_t no = vec_mask(vec_is_digit(vec_load(at))) ^ MASK_ALL;

		if (no)
			return at + mask_first(no);
	}
}

/* Scans an integer. A number with a point or an exponent is undecided. */
static inline const char *
scan_integer(const char *at, bool positive)
{
	const char *digits = at + (*at == '-');
	const char *end = skip_digits(digits);

	if (end == digits || *end == '.' || (*end | 0x20) == 'e')
		return NULL;
	if (*digits == '0' && end > digits + 1)
		return NULL;
	return positive && (digits > at || *digits == '0') ? NULL : end;
}

#define RANGE_DIGITS 9 /* of a number that fits into 32 bits in any case */

/* Scans an integer of a few digits. One with a sign, or with more digits, is undecided. */
static inline const char *
scan_range(const struct scan_field *field, const char *at)
{
	const char *end = scan_integer(at, false);
	size_t number = 0;

	if (!end || *at == '-' || end - at > RANGE_DIGITS)
		return NULL;
	for (; at < end; at++)
		number = number * 10 + (size_t)(*at - '0');
	return number >= field->min && number <= field->max ? end : NULL;
}

static inline const char *
scan_fraction(const char *at)
{
	const char *end;

	at += *at == '-';
	end = skip_digits(at);
	if (end == at || (*at == '0' && end > at + 1))
		return NULL;
	if (*end == '.') {
		at = end + 1;
		end = skip_digits(at);
		if (end == at)
			return NULL;
	}
	if ((*end | 0x20) == 'e') {
		at = end + 1;
		at += *at == '+' || *at == '-';
		end = skip_digits(at);
		if (end == at)
			return NULL;
	}
	return end;
}

static inline const char *
scan_word(const char *at, const char *word, size_t len)
{
	return memcmp(at, word, len) == 0 ? at + len : NULL;
}

/* Both values are common, so there is no branch that the processor could predict wrongly. */
static inline const char *
scan_boolean(const char *at)
{
	bool is_true = memcmp(at, "true", 4) == 0;
	bool is_false = (memcmp(at, "fals", 4) == 0) & (at[4] == 'e');

	return (is_true | is_false) ? at + 5 - is_true : NULL;
}

static const char *
scan_scalar(const char *at)
{
	switch (*at) {
	case '"':
		return scan_string(at + 1);
	case 't':
	case 'f':
		return scan_boolean(at);
	case 'n':
		return scan_word(at, "null", 4);
	default:
		return scan_fraction(at);
	}
}

/* Moves past a key and its colon to the value. */
static const char *
scan_key(const char *at)
{
	if (*at != '"' || !(at = scan_string(at + 1)))
		return NULL;
	at = skip_space(at);
	return *at == ':' ? skip_space(at + 1) : NULL;
}

/* Moves past an object or array without rules. */
static const char *
scan_container(const char *at)
{
	uint64_t nest = 1; /* below the highest set bit, one bit for each open level: 1 is object */

	for (;;) {
		bool opened = *at == '{' || *at == '[';

		if (opened) {
			if (nest >> 63)
				return NULL;
			nest = nest << 1 | (*at == '{');
			at = skip_space(at + 1);
		} else if ((at = scan_scalar(at))) {
			at = skip_space(at);
		} else {
			return NULL;
		}
		while (*at == (nest & 1 ? '}' : ']')) {
			nest >>= 1;
			if (nest == 1)
				return at + 1;
			at = skip_space(at + 1);
			opened = false;
		}
		if (!opened) {
			if (*at != ',')
				return NULL;
			at = skip_space(at + 1);
		}
		if (nest & 1 && !(at = scan_key(at)))
			return NULL;
	}
}

static const char *
scan_any(const char *at)
{
	return *at == '{' || *at == '[' ? scan_container(at) : scan_scalar(at);
}

#endif
