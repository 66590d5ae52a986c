#ifndef CHAT_MESSAGE_SCAN_UTF8_TABLES_H
#define CHAT_MESSAGE_SCAN_UTF8_TABLES_H

/*
 * The algorithm of Keiser and Lemire, "Validating UTF-8 in less than one instruction per byte"
 * (2021), for the variants that can look up sixteen bytes at once. Three tables are indexed by
 * nibbles of two neighbouring bytes; each bit of their values is one kind of error in these two
 * bytes.
 */
enum {
	TOO_SHORT = 1 << 0, /* a lead byte without continuation */
	TOO_LONG = 1 << 1, /* a continuation after an ASCII byte */
	OVERLONG_3 = 1 << 2,
	TOO_LARGE = 1 << 3,
	SURROGATE = 1 << 4,
	OVERLONG_2 = 1 << 5,
	OVERLONG_4 = 1 << 6, /* also a code point from 0x140000 on */
	TWO_CONTINUE = 1 << 7, /* two continuations: an error unless the sequence is longer */
	ANY_LOW = TOO_SHORT | TOO_LONG | TWO_CONTINUE
};

/* clang-format off */
static const unsigned char first_high[16] = {
	TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
	TWO_CONTINUE, TWO_CONTINUE, TWO_CONTINUE, TWO_CONTINUE,
	TOO_SHORT | OVERLONG_2,
	TOO_SHORT,
	TOO_SHORT | OVERLONG_3 | SURROGATE,
	TOO_SHORT | TOO_LARGE | OVERLONG_4,
};
static const unsigned char first_low[16] = {
	ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
	ANY_LOW | OVERLONG_2,
	ANY_LOW, ANY_LOW,
	ANY_LOW | TOO_LARGE,
#define LARGE (ANY_LOW | TOO_LARGE | OVERLONG_4)
	LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE, LARGE,
	LARGE | SURROGATE, LARGE, LARGE,
};
static const unsigned char second_high[16] = {
	TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | OVERLONG_3 | OVERLONG_4,
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | OVERLONG_3 | TOO_LARGE,
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | SURROGATE | TOO_LARGE,
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | SURROGATE | TOO_LARGE,
	TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
};
/* clang-format on */

#endif
