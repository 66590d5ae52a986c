#ifndef CHAT_SCAN_H
#define CHAT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/rules.h"

/*
 * The fast half of checking. It knows two answers about a line: "a message, for sure", or "ask":
 * then chat_msg_check() decides, and says what is wrong. It follows the table of rules, never more
 * tolerant than chat_msg_check() without strict; an unusual spelling is asked about, not refused.
 */
enum chat_scan_variant {
	CHAT_SCAN_PLAIN, /* eight bytes at a time, on any processor */
	CHAT_SCAN_SSE2, /* sixteen */
	CHAT_SCAN_AVX2, /* thirty-two */
	CHAT_SCAN_VARIANTS
};

/* The fastest that this processor can run, and whether it can run one. */
enum chat_scan_variant chat_scan_best(void);
bool chat_scan_can(enum chat_scan_variant variant);

/* "plain", "sse2", "avx2". */
const char *chat_scan_word(enum chat_scan_variant variant);

/* The rules of a direction, compiled. The variant is one that the processor can run. */
struct chat_scan *chat_scan_new(enum chat_direction from, enum chat_scan_variant variant);
void chat_scan_free(struct chat_scan *scan);

/*
 * Whole lines, the last byte a newline, and behind them CHAT_SCAN_PADDING bytes that may be read,
 * whatever they are. Begin with at, end and max_line set and the rest zero.
 */
#define CHAT_SCAN_PADDING 64
struct chat_scan_lines {
	const char *at; /* the first line not accepted; the caller moves it past one to ask about */
	const char *end;
	size_t max_line; /* a longer line is asked about */
	uint64_t accepted; /* so many lines, */
	uint64_t types[CHAT_TYPES]; /* by type */
	const char *valid_end; /* from `at` to here the bytes are known to be UTF-8 */
};

/* Moves at over all the lines that are messages for sure, to the first to ask about, or to end. */
void chat_scan_accept(const struct chat_scan *scan, struct chat_scan_lines *lines);

#endif
