#ifndef VALIDATE_CHECK_H
#define VALIDATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/buf.h"
#include "chat/rules.h"
#include "chat/scan.h"
#include "chat/span.h"
#include "command/progress.h"
#include "validate/report.h"
#include "validate/state.h"
#include "validate/writer.h"

/*
 * The lines that are passed on. A blank line is invalid with strict checking, else it is neither.
 */
enum pass { PASS_NONE, PASS_VALID, PASS_INVALID };

/* How lines are checked, and where the results go. The pointers are borrowed. */
struct check {
	enum chat_direction from;
	bool strict;
	enum pass pass;
	size_t max_line_bytes;
	size_t read_bytes; /* of one read(2); 0: the default */
	unsigned threads; /* for a regular file; 1 if pass, rejects or state is set */
	const struct chat_scan *scan; /* the fast check; NULL: every line is parsed in full */
	struct state *state; /* NULL: the order of the messages is not checked */
	struct report *report;
	struct writer *lines; /* gets the lines that are passed on; unused with PASS_NONE */
	struct writer *rejects; /* gets the invalid lines as well; NULL: nobody does */
	struct chat_progress *progress;
};

/* Lines that were read together. It starts zeroed; the owner frees bytes. */
struct block {
	struct chat_buf bytes;
	struct chat_span lines; /* in bytes; each line has a newline; padded for the scanner */
	bool cut_off; /* the last newline was added here, because the file ends without one */
	bool too_long; /* the block has no lines; it stands for one that was skipped */
};

/* Checks every line of a block and gives the findings to the report. */
void check_block(const struct check *check, struct report *report, const struct block *block);

#endif
