#ifndef VALIDATE_CHECK_H
#define VALIDATE_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "rules.h"
#include "validate/output.h"
#include "validate/report.h"

/* Which lines are passed on. Blank ones are neither, but under strict checking invalid. */
enum pass { PASS_NONE, PASS_VALID, PASS_INVALID };

struct check {
	enum chat_direction from;
	bool strict;
	enum pass pass;
	size_t max_line_bytes;
	struct report *report;
	struct output *lines; /* where to, unless PASS_NONE */
};

/*
 * Checks every line of an open file. 0, or -1 when it could not be read to its end. What has
 * gathered is written before each read that could wait.
 */
int check_file(struct check *check, int fd, const char *name, struct chat_err *err);

#endif
