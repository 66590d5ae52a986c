#ifndef CHAT_MESSAGE_SCAN_H
#define CHAT_MESSAGE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/type.h"

/*
 * The fast path of checking. For each line the scanner decides "certainly valid" or "undecided".
 * The caller passes undecided lines to chat_msg_check(), which decides and reports the errors. The
 * scanner follows the table of rules and never accepts a line that chat_msg_check() without strict
 * refuses; valid lines of an unusual form are undecided.
 */
enum chat_scan_variant {
	CHAT_SCAN_PLAIN, /* eight bytes at a time, on any processor */
	CHAT_SCAN_SSE2, /* sixteen */
	CHAT_SCAN_AVX2, /* thirty-two */
	CHAT_SCAN_NEON, /* sixteen, on 64-bit ARM */
	CHAT_SCAN_VARIANTS
};

/* Returns the fastest variant for this processor. */
enum chat_scan_variant chat_scan_best(void);

/* Returns true if this processor can run the variant. */
bool chat_scan_can(enum chat_scan_variant variant);

/* Returns "plain", "sse2", "avx2" or "neon". */
const char *chat_scan_word(enum chat_scan_variant variant);

/*
 * Compiles the rules of a direction. The processor must be able to run the variant. Returns
 * NULL if there is no memory. The caller frees the result with chat_scan_free.
 */
struct chat_scan *chat_scan_new(enum chat_direction from, enum chat_scan_variant variant);
void chat_scan_free(struct chat_scan *scan);

/*
 * Whole lines. The last byte must be a newline, followed by CHAT_SCAN_PADDING readable bytes of any
 * value. The caller sets at, end and max_line and zeroes the other fields.
 */
#define CHAT_SCAN_PADDING 64
struct chat_scan_lines {
	const char *at; /* the next line; the caller must move it past an undecided line */
	const char *end;
	size_t max_line; /* a longer line is undecided */
	uint64_t accepted; /* the number of valid lines */
	uint64_t types[CHAT_TYPES]; /* the number of valid lines of each type */
	const char *valid_end; /* the bytes from `at` to here are valid UTF-8; NULL: not known */
};

/* Moves `at` past certainly valid lines, to the first undecided line or to `end`. */
void chat_scan_accept(const struct chat_scan *scan, struct chat_scan_lines *lines);

#endif
