/*
 * Checks blocks of lines with a validator of the library, passes lines on, and adds what it found
 * to a report.
 */
#include "validate/check.h"

#include <stdlib.h>

#include "message/hint.h"
#include "message/validator.h"
#include "text/buf.h"

struct checker {
	const struct check *check;
	struct report *report;
	struct chat_validator *validator;
};

static void
on_finding(void *arg, uint64_t line, const struct chat_err *finding)
{
	struct checker *checker = arg;

	checker->report->line = line;
	checker->report->text = chat_validator_line(checker->validator);
	report_finding(checker->report, finding);
}

static void
add_state_finding(void *arg, const struct chat_err *finding)
{
	chat_validator_report(arg, finding);
}

static void
on_message(void *arg, const struct chat_msg *msg)
{
	struct checker *checker = arg;

	state_check(checker->check->state, msg, chat_validator_line(checker->validator),
		add_state_finding, checker->validator);
}

static void
on_lines(
	void *arg, enum chat_verdict verdict, uint64_t first, uint64_t count, struct chat_span text)
{
	struct checker *checker = arg;
	const struct check *check = checker->check;
	bool newline = text.len > 0 && text.at[text.len - 1] == '\n';
	struct chat_span lines = {text.at, text.len - newline};
	bool valid = verdict == CHAT_VERDICT_VALID;

	(void)count;
	if (verdict == CHAT_VERDICT_TOO_LONG || verdict == CHAT_VERDICT_BLANK)
		return;
	if (!valid && first == 1)
		checker->report->hint = chat_hint(lines);
	if (check->pass == (valid ? PASS_VALID : PASS_INVALID))
		writer_line(check->lines, lines, newline);
	if (check->rejects && !valid)
		writer_line(check->rejects, lines, newline);
}

struct checker *
checker_new(const struct check *check, struct report *report)
{
	struct checker *checker = chat_alloc_zeroed(1, sizeof(*checker));
	unsigned flags = check->strict ? CHAT_VALIDATE_STRICT : 0;

	checker->check = check;
	checker->report = report;
	checker->validator =
		chat_need(chat_validator_new(check->from, flags, check->max_line_bytes));
	if (!check->strict && chat_validator_set_scan(checker->validator, check->scan) < 0)
		chat_out_of_memory();
	chat_validator_on_finding(checker->validator, on_finding, checker);
	chat_validator_on_lines(checker->validator, on_lines, checker);
	if (check->state)
		chat_validator_on_message(checker->validator, on_message, checker);
	return checker;
}

void
checker_free(struct checker *checker)
{
	chat_validator_free(checker->validator);
	free(checker);
}

void
checker_check(struct checker *checker, const struct block *block)
{
	struct chat_validator *validator = checker->validator;

	if (block->too_long)
		chat_validator_skip_line(validator);
	if (chat_validator_feed(validator, block->lines, NULL) < 0 ||
		(block->cut_off && chat_validator_end(validator, NULL) < 0))
		chat_out_of_memory();
}

void
checker_end(struct checker *checker)
{
	const struct chat_counts *counts = chat_validator_counts(checker->validator);
	struct stats *stats = &checker->report->stats;

	checker->report->line = counts->lines;
	stats->lines += counts->lines;
	stats->blank += counts->blank;
	stats->valid += counts->valid;
	stats->invalid += counts->invalid;
	for (int type = 0; type < CHAT_TYPES; type++)
		stats->types[type] += counts->types[type];
	chat_validator_reset(checker->validator);
}
