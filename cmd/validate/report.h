#ifndef VALIDATE_REPORT_H
#define VALIDATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "text/buf.h"
#include "validate/format.h"
#include "validate/stats.h"
#include "validate/writer.h"

/* A finding that a part keeps. */
struct kept {
	uint64_t line; /* the number of the line in the block, from 1 */
	size_t point; /* code points before the place; valid if the format counts_points */
	struct chat_err error;
};

/*
 * Counts findings and writes the first ones of each file.
 *
 * Each thread of threads.c has a part: a report without a writer. A part keeps its findings until
 * report_add() adds them to the report. If it cannot keep more, it calls on_full, which must wait
 * until it is the turn of the block, and then call report_show().
 */
struct report {
	const struct format *format;
	struct writer *writer; /* borrowed; NULL: this is a part */
	bool quiet; /* findings are counted but not written */
	uint64_t max_shown; /* the most findings written for each file; 0: no limit */
	struct stats stats; /* the counts of all files */
	uint64_t files; /* the number of files begun */
	uint64_t shown_ever; /* the number of findings written, in all files */

	/* The current file; a part has only line, text, found and hint: */
	const char *file; /* its name */
	struct chat_buf shown_file; /* its name with control characters escaped; NUL-terminated */
	uint64_t line; /* the number of the current line, from 1; 0: none yet */
	struct chat_span text; /* the current line */
	uint64_t found; /* findings */
	uint64_t shown; /* findings written */
	uint64_t invalid_before; /* stats.invalid at the beginning of the file */
	const char *hint; /* a hint about the first line; static; NULL: none */

	/* Of a part: */
	struct kept *kept;
	size_t kept_count, kept_cap;
	void (*on_full)(void *arg);
	void *on_full_arg;
};

/*
 * report_start() writes the beginning of the format, report_finish() its end; nothing if quiet.
 * report_finish() also frees the members of the report.
 */
void report_start(struct report *report);
void report_finish(struct report *report);

/* Begins a file; name is borrowed until the next file begins. */
void report_begin_file(struct report *report, const char *name);

/*
 * Ends a file: writes its result, if the format has one. unreadable: the file was not read to its
 * end.
 */
void report_end_file(struct report *report, bool unreadable);

/* Adds a finding in the current line. It is a chat_msg_report; arg is the report. */
void report_finding(void *arg, const struct chat_err *error);

/*
 * Writes the findings that a part keeps, up to max_shown, and removes them from the part. The lines
 * of the part follow report->line.
 */
void report_show(struct report *report, struct report *part);

/* Adds a part to the report and empties the part. Its lines follow report->line. */
void report_add(struct report *report, struct report *part);
void report_part_free(struct report *part);

/* Writes the statistics, if the format has them, even if quiet is true. */
void report_stats(struct report *report);

#endif
