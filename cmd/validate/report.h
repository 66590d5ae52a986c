#ifndef VALIDATE_REPORT_H
#define VALIDATE_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "validate/format.h"
#include "validate/output.h"
#include "validate/stats.h"

/* A finding that waits for its turn. */
struct kept {
	uint64_t line;
	size_t point;
	struct chat_err error;
};

/*
 * Takes findings, counts all of them, and writes the first so many of each file. A part of a report
 * (output NULL) keeps them instead, until report_add puts it into its place. When it keeps as many
 * as it may, it calls spill, which waits until that place has come and shows them by report_show.
 */
struct report {
	const struct format *format;
	struct output *output; /* borrowed */
	bool quiet; /* findings are counted, not written */
	uint64_t max_shown; /* per file; 0: all */
	struct stats stats;
	uint64_t files; /* begun */
	uint64_t shown_ever;

	const char *file; /* the one being read, and in it */
	struct chat_buf shown_file; /* as a terminal may see it, with a NUL */
	uint64_t line; /* the line, */
	struct chat_span text; /* and what it says */
	uint64_t found;
	uint64_t shown;
	uint64_t invalid_before; /* stats.invalid, when the file began */
	const char *hint; /* about the first line of the file; NULL: none */

	struct kept *kept;
	size_t kept_count, kept_cap;
	void (*spill)(void *arg); /* of a part */
	void *spill_arg;
};

/* Before the first file, and behind the last. */
void report_start(struct report *report);
void report_finish(struct report *report);

void report_begin_file(struct report *report, const char *name);

/* Says how many findings of the file were not shown. */
void report_end_file(struct report *report, bool unreadable);

/* A finding in report->line; a chat_msg_report whose arg is the report. */
void report_finding(void *report, const struct chat_err *error);

/* What a part has kept so far, of the lines behind report->line; it keeps nothing afterwards. */
void report_show(struct report *report, struct report *part);

/* What was found in the lines behind report->line; the part is empty afterwards. */
void report_add(struct report *report, struct report *part);
void report_part_free(struct report *part);

void report_stats(struct report *report);

#endif
