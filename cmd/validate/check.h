#ifndef VALIDATE_CHECK_H
#define VALIDATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"
#include "chat/type.h"
#include "command/progress.h"
#include "text/buf.h"
#include "validate/report.h"
#include "validate/state.h"
#include "validate/writer.h"

/*
 * The lines that are passed on. A blank line is invalid with `strict`; else it is neither valid nor
 * invalid. A line that is too long is invalid, but is never passed on.
 */
enum pass { PASS_NONE, PASS_VALID, PASS_INVALID };

/* The settings and outputs of the checking of lines. The pointers are borrowed. */
struct check {
	enum chat_direction from;
	bool strict;
	enum pass pass;
	size_t max_line_bytes;
	size_t read_bytes; /* bytes of one read(2); 0: the default */
	unsigned threads; /* for a regular file; must be 1 if pass, rejects or state is set */
	int scan; /* enum chat_scan_variant of the scanner; -1: every line is parsed */
	struct state *state; /* checks the order of the messages; NULL: it is not checked */
	struct report *report;
	struct writer *lines; /* gets the lines that are passed on; not used with PASS_NONE */
	struct writer *rejects; /* gets the invalid lines that are not too long; NULL: none */
	struct chat_progress *progress;
};

/* Lines that were read together. It starts zeroed. The owner frees bytes. */
struct block {
	struct chat_buf bytes;
	struct chat_span lines; /* points into bytes; whole lines */
	bool cut_off; /* the last line has no newline, because the input ends without one */
	bool too_long; /* lines is empty; the block stands for a skipped line that is too long */
};

/* Checks the lines of an input, or of a block, with a validator of the library. */
struct checker;

/* The check and the report are borrowed. Must be freed with checker_free. */
struct checker *checker_new(const struct check *check, struct report *report);
void checker_free(struct checker *checker);

/* Checks every line of the next block and adds the findings to the report. */
void checker_check(struct checker *checker, const struct block *block);

/* Adds the counts of all blocks since the last call to the report. The next line is line 1. */
void checker_end(struct checker *checker);

#endif
