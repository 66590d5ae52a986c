#ifndef VALIDATE_REPORT_H
#define VALIDATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"
#include "validate/format.h"
#include "validate/stats.h"
#include "validate/writer.h"

/* A finding that a part of a report keeps. */
struct kept {
	uint64_t line; /* counted from the first line of the block, from 1 */
	size_t point; /* code points before the place, if the format counts_points */
	struct chat_err error;
};

/*
 * Counts findings and writes the first ones of each file.
 *
 * A thread of threads.c has a part of a report, whose writer is NULL. A part keeps its findings
 * until report_add() adds them to the report. When it keeps as many as it may it calls on_full,
 * which must wait until the block's turn has come and call report_show().
 */
struct report {
	const struct format *format;
	struct writer *writer; /* borrowed; NULL: this is a part */
	bool quiet; /* findings are counted and not written */
	uint64_t max_shown; /* findings written for each file; 0: all */
	struct stats stats; /* of all files */
	uint64_t files; /* the number of files begun */
	uint64_t shown_ever; /* the number of findings written, of all files */

	/* The file that is being read: */
	const char *file; /* its name */
	struct chat_buf shown_file; /* its name as a terminal may see it; NUL-terminated */
	uint64_t line; /* the number of the line that is being checked */
	struct chat_span text; /* that line */
	uint64_t found; /* findings */
	uint64_t shown; /* findings written */
	uint64_t invalid_before; /* stats.invalid at the beginning of the file */
	const char *hint; /* about the first line; static; NULL: none */

	/* Of a part: */
	struct kept *kept;
	size_t kept_count, kept_cap;
	void (*on_full)(void *arg);
	void *on_full_arg;
};

/* Writes what the format has before the first file, and after the last one. */
void report_start(struct report *report);
void report_finish(struct report *report);

/* Begins a file; name is borrowed until the next one begins. */
void report_begin_file(struct report *report, const char *name);

/* Ends a file: writes the end that the format has, for example the number of hidden findings. */
void report_end_file(struct report *report, bool unreadable);

/* Adds a finding in report->line. It is a chat_msg_report; arg is the report. */
void report_finding(void *arg, const struct chat_err *error);

/*
 * Writes the findings that a part keeps; their lines follow report->line. The part keeps none then.
 */
void report_show(struct report *report, struct report *part);

/* Adds a part, whose lines follow report->line, to the report. The part is empty afterwards. */
void report_add(struct report *report, struct report *part);
void report_part_free(struct report *part);

/* Writes the statistics. */
void report_stats(struct report *report);

#endif
