#ifndef VALIDATE_CHECK_H
#define VALIDATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"
#include "chat/type.h"
#include "command/progress.h"
#include "message/scan.h"
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
	const struct chat_scan *scan; /* accepts valid lines fast; NULL: every line is parsed */
	struct state *state; /* checks the order of the messages; NULL: it is not checked */
	struct report *report;
	struct writer *lines; /* gets the lines that are passed on; not used with PASS_NONE */
	struct writer *rejects; /* gets the invalid lines that are not too long; NULL: none */
	struct chat_progress *progress;
};

/* Lines that were read together. It starts zeroed. The owner frees bytes. */
struct block {
	struct chat_buf bytes;
	struct chat_span lines; /* points into bytes, with CHAT_LINES_PADDING; whole lines */
	bool cut_off; /* the last newline was added, because the input ends without one */
	bool too_long; /* lines is empty; the block stands for a skipped line that is too long */
};

/* Checks every line of a block and adds the findings to report. */
void check_block(const struct check *check, struct report *report, const struct block *block);

#endif
