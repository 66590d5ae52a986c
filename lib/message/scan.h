#ifndef CHAT_MESSAGE_SCAN_H
#define CHAT_MESSAGE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/msg.h"
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
	CHAT_SCAN_AVX512, /* sixty-four */
	CHAT_SCAN_NEON, /* sixteen, on 64-bit ARM */
	CHAT_SCAN_VARIANTS
};

/* Returns the fastest variant for this processor. */
enum chat_scan_variant chat_scan_best(void);

/* Returns true if this processor can run the variant. */
bool chat_scan_can(enum chat_scan_variant variant);

/* Returns "plain", "sse2", "avx2", "avx512" or "neon". */
const char *chat_scan_word(enum chat_scan_variant variant);

/*
 * Compiles the rules of a direction. The processor must be able to run the variant. Returns
 * NULL if there is no memory. The caller frees the result with chat_scan_free.
 */
struct chat_scan *chat_scan_new(enum chat_direction from, enum chat_scan_variant variant);
void chat_scan_free(struct chat_scan *scan);

/*
 * The part of an undecided line that is certainly valid, its UTF-8 aside: up to the end of a member
 * of the message, or of the message. Known only if the first member is `type`.
 */
struct chat_scan_stop {
	const char *at; /* NULL: not known */
	enum chat_type
		type; /* CHAT_TYPE_UNKNOWN: the value of `type` is not valid, the rest is JSON */
	uint32_t seen; /* a bit for each rule of the type whose member is before `at` */
	bool whole; /* `at` is the end of the message */
};

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
	struct chat_scan_stop stop; /* of the undecided line */
};

/*
 * Reads one line, without its newline, into a message, as chat_msg_read(). Returns false if the
 * line is undecided; the message is then not valid. The line must be valid UTF-8, and a newline and
 * CHAT_SCAN_PADDING - 1 readable bytes of any value must follow it.
 */
bool chat_scan_read(const struct chat_scan *scan, struct chat_span line, struct chat_msg *msg);

/* Reads the next line into a message, and moves `at` past it. Returns false if it is undecided. */
bool chat_scan_next(
	const struct chat_scan *scan, struct chat_scan_lines *lines, struct chat_msg *msg);

/*
 * Reads an element of the list of a userData or history that was read: a user, with its id,
 * username and online, or a message. `at` is in the list. Returns the end of the element, or NULL
 * if it has an unusual form.
 */
const char *chat_scan_element(
	const struct chat_scan *scan, enum chat_type list, const char *at, struct chat_msg *msg);

/* Moves `at` past certainly valid lines, to the first undecided line or to `end`. */
void chat_scan_accept(const struct chat_scan *scan, struct chat_scan_lines *lines);

#endif
