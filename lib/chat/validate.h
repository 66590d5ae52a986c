#ifndef CHAT_VALIDATE_H
#define CHAT_VALIDATE_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "chat/type.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Checks NDJSON as chat-validate(1) does and as fast: one message on each line. Each line ends with
 * a newline; the last one may have none. A blank line is neither valid nor invalid.
 */
enum chat_validate_flag {
	CHAT_VALIDATE_STRICT = 1 /* as CHAT_MSG_STRICT; and a blank line is invalid */
};

/* The results of a check. */
#define CHAT_COUNTS_TYPES 32 /* more than there are types, so that the size never changes */
struct chat_counts {
	uint64_t lines; /* the sum of the next three */
	uint64_t valid;
	uint64_t invalid;
	uint64_t blank;
	uint64_t findings;
	uint64_t types[CHAT_COUNTS_TYPES]; /* the valid lines of each enum chat_type */
};

/*
 * Called for each finding, in the order of the text. `line` counts from 1; finding->offset is in
 * bytes from the start of the line. The finding is valid during the call only.
 */
typedef void chat_validate_report(void *arg, uint64_t line, const struct chat_err *finding);

/*
 * Checks a whole text. `flags` is a set of enum chat_validate_flag bits. report may be NULL, and
 * counts, too. Returns 0 if no line is invalid, 1 if one is, or -1 with CHAT_NO_MEMORY. The text
 * needs no NUL and no padding behind it.
 */
int chat_validate(struct chat_span text, enum chat_direction from, unsigned flags,
	chat_validate_report *report, void *arg, struct chat_counts *counts, struct chat_err *err);

/* Checks a text that comes in pieces. */
struct chat_validator;

/*
 * A line of more than max_line_bytes is invalid (CHAT_TOO_LARGE) and is not kept in memory; 0: no
 * limit. Returns NULL if there is no memory. The caller frees it with chat_validator_free, for
 * which NULL does nothing.
 */
struct chat_validator *chat_validator_new(
	enum chat_direction from, unsigned flags, size_t max_line_bytes);
void chat_validator_free(struct chat_validator *validator);

/* Sets the function that gets the findings. arg is passed to it. NULL: none. */
void chat_validator_on_finding(
	struct chat_validator *validator, chat_validate_report *report, void *arg);

/*
 * Sets a function that is called for each valid message. It may call chat_validator_report, which
 * makes the line invalid. With this function, checking is slower.
 */
typedef void chat_validate_message(void *arg, const struct chat_msg *msg);
void chat_validator_on_message(
	struct chat_validator *validator, chat_validate_message *message, void *arg);

enum chat_verdict {
	CHAT_VERDICT_VALID,
	CHAT_VERDICT_INVALID,
	CHAT_VERDICT_BLANK,
	CHAT_VERDICT_TOO_LONG /* invalid, and the text of the line is not known */
};

/*
 * Sets a function that gets the lines with their verdict: `count` lines from the line with the
 * number `first` on, with their newlines. count is 1 if the verdict is not CHAT_VERDICT_VALID. The
 * text is valid during the call only; for CHAT_VERDICT_TOO_LONG it is empty.
 */
typedef void chat_validate_lines(void *arg, enum chat_verdict verdict, uint64_t first,
	uint64_t count, struct chat_span text);
void chat_validator_on_lines(
	struct chat_validator *validator, chat_validate_lines *lines, void *arg);

/*
 * Checks the next bytes, which need not end at the end of a line; the beginning of a line is kept
 * until the rest has come. Returns 0, or -1 with CHAT_NO_MEMORY; after that the validator can only
 * be freed.
 */
int chat_validator_feed(
	struct chat_validator *validator, struct chat_span bytes, struct chat_err *err);

/*
 * Ends the text: checks a last line that has no newline. What is fed after it is another text,
 * whose lines are numbered from 1. Returns as chat_validator_feed.
 */
int chat_validator_end(struct chat_validator *validator, struct chat_err *err);

/* Forgets the text and the counts. */
void chat_validator_reset(struct chat_validator *validator);

/* Returns the results of all texts since the last reset; valid until the validator is freed. */
const struct chat_counts *chat_validator_counts(const struct chat_validator *validator);

/*
 * For the functions above while they run: returns the line that they are called for, without its
 * newline; and adds a finding about it.
 */
struct chat_span chat_validator_line(const struct chat_validator *validator);
void chat_validator_report(struct chat_validator *validator, const struct chat_err *finding);

#ifdef __cplusplus
}
#endif

#endif
