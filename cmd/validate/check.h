#ifndef VALIDATE_CHECK_H
#define VALIDATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/line.h"
#include "chat/rules.h"
#include "chat/scan.h"
#include "command/progress.h"
#include "validate/output.h"
#include "validate/report.h"
#include "validate/state.h"

/* Which lines are passed on. Blank ones are neither, but under strict checking invalid. */
enum pass { PASS_NONE, PASS_VALID, PASS_INVALID };

struct check {
	enum chat_direction from;
	bool strict;
	enum pass pass;
	size_t max_line_bytes;
	size_t read_bytes; /* at a time; 0: as many as are good */
	unsigned threads; /* for a regular file, where lines are only looked at */
	const struct chat_scan *scan; /* NULL: every line is read in full */
	struct state *state; /* NULL: the order of messages is not looked at */
	struct report *report;
	struct output *lines; /* where to, unless PASS_NONE */
	struct output *rejects; /* where invalid lines go besides, or NULL */
	struct chat_progress *progress;
};

/*
 * Checks every line of an open file. 0, or -1 when it could not be read to its end. What has
 * gathered is written before each read that could wait.
 */
int check_file(struct check *check, int fd, const char *name, struct chat_err *err);

/* ---- for team.c, which checks a file with several threads ---- */

/* Lines that were read together. */
struct block {
	struct chat_buf bytes;
	struct chat_span lines; /* in bytes, each with a newline; padded for the scanner */
	bool cut_off; /* the last newline is not the file's */
	bool too_long; /* no lines, but one that was skipped */
};

/* The next block: 1, 0 at the end of the file, -1. */
int check_next_block(struct check *check, struct chat_lines *input, bool regular,
	struct block *block, struct chat_err *err);

/* The findings of a block go to the report. */
void check_block(const struct check *check, struct report *report, const struct block *block);

#endif
