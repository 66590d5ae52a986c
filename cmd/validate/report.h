#ifndef VALIDATE_REPORT_H
#define VALIDATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "validate/format.h"
#include "validate/output.h"
#include "validate/stats.h"

/*
 * Takes findings, counts all of them, and writes the first so many of each file.
 */
struct report {
	const struct format *format;
	struct output *output; /* borrowed */
	bool quiet; /* findings are counted, not written */
	uint64_t max_shown; /* per file; 0: all */
	struct stats stats;

	const char *file; /* the one being read, and the line in it */
	uint64_t line;
	uint64_t found; /* in this file */
};

void report_begin_file(struct report *report, const char *name);

/* Says how many findings of the file were not shown. */
void report_end_file(struct report *report);

/* A finding in report->line; a chat_msg_report whose arg is the report. */
void report_finding(void *report, const struct chat_err *error);

void report_stats(struct report *report);

#endif
