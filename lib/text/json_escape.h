#ifndef CHAT_TEXT_JSON_ESCAPE_H
#define CHAT_TEXT_JSON_ESCAPE_H

#include <stdbool.h>

/*
 * Decodes the four digits after \u, for json_string.c, json_value.c and the scanner.
 */

/* Returns the value of four hexadecimal digits, or -1 if there are fewer before `end`. */
static inline int
json_hex(const char *at, const char *end)
{
	int unit = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = at[i] | 0x20;

		if (at[i] >= '0' && at[i] <= '9')
			digit = at[i] - '0';
		else if (digit >= 'a' && digit <= 'f')
			digit -= 'a' - 10;
		else
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static inline bool
json_is_high_surrogate(int unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static inline bool
json_is_low_surrogate(int unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Returns the low surrogate if the escape of one is at `at`, else -1. */
static inline int
json_low_surrogate(const char *at, const char *end)
{
	int unit;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	unit = json_hex(at + 2, end);
	return json_is_low_surrogate(unit) ? unit : -1;
}

#endif
