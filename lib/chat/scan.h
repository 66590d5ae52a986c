#ifndef CHAT_SCAN_H
#define CHAT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/rules.h"

/*
 * The fast path of checking. For each line it decides "certainly valid" or "undecided"; for the
 * second, the caller calls chat_msg_check(), which decides and reports what is wrong. The scanner
 * follows the table of rules and never accepts a line that chat_msg_check() without strict would
 * not; it leaves valid lines of an unusual form undecided.
 */
enum chat_scan_variant {
	CHAT_SCAN_PLAIN, /* eight bytes at a time, on any processor */
	CHAT_SCAN_SSE2, /* sixteen */
	CHAT_SCAN_AVX2, /* thirty-two */
	CHAT_SCAN_VARIANTS
};

/* The fastest variant for this processor; true if this processor can run a variant. */
enum chat_scan_variant chat_scan_best(void);
bool chat_scan_can(enum chat_scan_variant variant);

/* Returns "plain", "sse2" or "avx2". */
const char *chat_scan_word(enum chat_scan_variant variant);

/* Compiles the rules of a direction. The processor must be able to run the variant. */
struct chat_scan *chat_scan_new(enum chat_direction from, enum chat_scan_variant variant);
void chat_scan_free(struct chat_scan *scan);

/*
 * Whole lines; the last byte is a newline, and CHAT_SCAN_PADDING readable bytes of any value
 * follow. The caller sets at, end and max_line and zeroes the rest.
 */
#define CHAT_SCAN_PADDING 64
struct chat_scan_lines {
	const char *at; /* the first line that is not decided; the caller moves it past that line */
	const char *end;
	size_t max_line; /* a longer line is undecided */
	uint64_t accepted; /* the number of valid lines */
	uint64_t types[CHAT_TYPES]; /* their number by type */
	const char *valid_end; /* the bytes from `at` to here are known to be UTF-8 */
};

/* Moves `at` past all certainly valid lines, to the first undecided one or to `end`. */
void chat_scan_accept(const struct chat_scan *scan, struct chat_scan_lines *lines);

#endif
