/*
 * Between the checking and the writing: findings are counted without exception and shown up to a
 * limit, so that one broken log does not bury the next.
 */
#include "validate/report.h"

void
report_begin_file(struct report *report, const char *name)
{
	report->file = name;
	report->line = 0;
	report->found = 0;
}

void
report_end_file(struct report *report)
{
	if (report->quiet || report->max_shown == 0 || report->found <= report->max_shown)
		return;
	report->format->hidden(
		&report->output->buf, report->file, report->found - report->max_shown);
	output_settle(report->output);
}

void
report_finding(void *arg, const struct chat_err *error)
{
	struct report *report = arg;
	struct finding finding = {report->file, report->line, error};

	report->stats.findings++;
	report->stats.codes[error->code]++;
	report->found++;
	if (report->quiet || (report->max_shown > 0 && report->found > report->max_shown))
		return;
	report->format->finding(&report->output->buf, &finding);
	output_settle(report->output);
}

void
report_stats(struct report *report)
{
	report->format->stats(&report->output->buf, &report->stats);
	output_settle(report->output);
}
