/*
 * Counts every finding, and writes only the first ones of each file, so that one broken log does
 * not hide the findings in the next file.
 */
#include "validate/report.h"

#include <stdlib.h>

#include "text/array.h"
#include "text/show.h"
#include "text/utf8.h"

#define KEPT_MAX 1024

void
report_start(struct report *report)
{
	if (!report->quiet && report->format->begin)
		report->format->begin(&report->writer->buf);
}

void
report_finish(struct report *report)
{
	if (!report->quiet && report->format->end)
		report->format->end(&report->writer->buf, report->files);
	writer_settle(report->writer);
	chat_buf_free(&report->shown_file);
}

void
report_begin_file(struct report *report, const char *name)
{
	report->files++;
	report->file = name;
	report->shown_file.len = 0;
	chat_show(&report->shown_file, chat_span_of(name));
	chat_buf_append(&report->shown_file, "", 1);
	report->line = 0;
	report->found = 0;
	report->shown = 0;
	report->invalid_before = report->stats.invalid;
	report->hint = NULL;
}

void
report_end_file(struct report *report, bool unreadable)
{
	const struct file_result result = {
		.file = report->file,
		.number = report->files,
		.hidden = report->found - report->shown,
		.invalid = report->stats.invalid - report->invalid_before,
		.unreadable = unreadable,
	};

	if (report->quiet || !report->format->file)
		return;
	report->format->file(&report->writer->buf, &result);
	writer_settle(report->writer);
}

static bool
may_show(const struct report *report, uint64_t shown)
{
	return !report->quiet && (report->max_shown == 0 || shown < report->max_shown);
}

static void
show(struct report *report, uint64_t line, size_t point, const struct chat_err *error)
{
	struct finding finding = {
		.file = report->file,
		.shown_file = report->shown_file.at,
		.line = line,
		.point = point,
		.number = report->shown_ever,
		.error = error,
	};

	report->shown++;
	report->shown_ever++;
	report->format->finding(&report->writer->buf, &finding);
	writer_settle(report->writer);
}

static void
keep(struct report *part, uint64_t line, size_t point, const struct chat_err *error)
{
	if (part->kept_count == KEPT_MAX)
		part->on_full(part->on_full_arg);
	ARRAY_GROW(part->kept, part->kept_count, part->kept_cap, 16);
	part->kept[part->kept_count++] = (struct kept){line, point, *error};
}

void
report_finding(void *arg, const struct chat_err *error)
{
	struct report *report = arg;
	size_t point = 0;

	report->stats.findings++;
	report->stats.codes[error->code]++;
	report->found++;
	if (!may_show(report, report->writer ? report->shown : report->kept_count))
		return;
	if (report->format->counts_points)
		point = chat_utf8_count(report->text.at, error->offset);
	if (report->writer)
		show(report, report->line, point, error);
	else
		keep(report, report->line, point, error);
}

static void
stats_add(struct stats *stats, const struct stats *more)
{
	stats->lines += more->lines;
	stats->blank += more->blank;
	stats->valid += more->valid;
	stats->invalid += more->invalid;
	stats->findings += more->findings;
	for (int type = 0; type < CHAT_TYPES; type++)
		stats->types[type] += more->types[type];
	for (int code = 0; code < CHAT_CODES; code++)
		stats->codes[code] += more->codes[code];
}

void
report_show(struct report *report, struct report *part)
{
	for (size_t i = 0; i < part->kept_count && may_show(report, report->shown); i++) {
		const struct kept *kept = &part->kept[i];

		show(report, report->line + kept->line, kept->point, &kept->error);
	}
	part->kept_count = 0;
}

void
report_add(struct report *report, struct report *part)
{
	report_show(report, part);
	report->found += part->found;
	report->line += part->line;
	stats_add(&report->stats, &part->stats);
	if (!report->hint)
		report->hint = part->hint;
	part->stats = (struct stats){0};
	part->hint = NULL;
	part->found = 0;
	part->line = 0;
}

void
report_part_free(struct report *part)
{
	free(part->kept);
}

void
report_stats(struct report *report)
{
	if (report->format->stats)
		report->format->stats(&report->writer->buf, &report->stats);
	writer_settle(report->writer);
}
