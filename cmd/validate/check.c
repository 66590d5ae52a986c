/*
 * Checks lines and reports findings. The scanner accepts most valid lines, many at once. A line
 * that it does not accept is parsed, and its errors are reported. One invalid line does not stop
 * the check of the next.
 */
#include "validate/check.h"

#include <string.h>

#include "chat/msg.h"
#include "message/hint.h"
#include "text/err.h"
#include "text/span.h"

/* A line that the scanner did not accept. */
struct line {
	struct chat_span text;
	bool newline; /* the input has a newline after the line */
	bool is_utf8; /* the scanner has found that the line is valid UTF-8 */
};

/* Parses a line that is not blank and reports what is wrong. Returns true if nothing is. */
static bool
check_message(const struct check *check, struct report *report, const struct line *line)
{
	unsigned how =
		(check->strict ? CHAT_MSG_STRICT : 0) | (line->is_utf8 ? CHAT_MSG_IS_UTF8 : 0);
	uint64_t before = report->stats.findings;
	struct chat_msg msg;

	if (chat_msg_check(&msg, line->text, check->from, how, report_finding, report) > 0)
		return false;
	if (check->state)
		state_check(check->state, &msg, line->text, report_finding, report);
	if (report->stats.findings > before)
		return false;
	report->stats.types[msg.type]++;
	return true;
}

static void
check_line(const struct check *check, struct report *report, const struct line *line)
{
	struct stats *stats = &report->stats;
	struct chat_err error = {0};
	bool valid = false;

	report->line++;
	report->text = line->text;
	stats->lines++;
	if (line->text.len > check->max_line_bytes) {
		chat_fail(&error, CHAT_TOO_LARGE, "a line of more than %zu bytes",
			check->max_line_bytes);
		report_finding(report, &error);
		stats->invalid++;
		return;
	}
	if (!chat_span_is_blank(line->text)) {
		valid = check_message(check, report, line);
	} else if (check->strict) {
		chat_fail(&error, CHAT_BAD_JSON, "a blank line");
		report_finding(report, &error);
	} else {
		stats->blank++;
		return;
	}
	if (valid)
		stats->valid++;
	else
		stats->invalid++;
	if (!valid && report->line == 1)
		report->hint = chat_hint(line->text);
	if (check->pass == (valid ? PASS_VALID : PASS_INVALID))
		writer_line(check->lines, line->text, line->newline);
	if (check->rejects && !valid)
		writer_line(check->rejects, line->text, line->newline);
}

/*
 * Counts the lines that the scanner has accepted, and passes them on if valid lines are passed. The
 * first of these lines begins at `from`; `before` is the lines->accepted of that time. cut_off: the
 * last newline of the block is not in the input.
 */
static void
count_accepted(const struct check *check, struct report *report, const char *from,
	const struct chat_scan_lines *lines, uint64_t before, bool cut_off)
{
	uint64_t count = lines->accepted - before;

	if (count == 0)
		return;
	report->line += count;
	report->stats.lines += count;
	report->stats.valid += count;
	if (check->pass == PASS_VALID)
		writer_line(check->lines, (struct chat_span){from, (size_t)(lines->at - from) - 1},
			!(cut_off && lines->at == lines->end));
}

void
check_block(const struct check *check, struct report *report, const struct block *block)
{
	struct chat_scan_lines lines = {
		.at = block->lines.at,
		.end = block->lines.at + block->lines.len,
		.max_line = check->max_line_bytes,
	};

	if (block->too_long)
		check_line(
			check, report, &(struct line){.text = {NULL, SIZE_MAX}, .newline = true});
	while (lines.at < lines.end) {
		uint64_t before = lines.accepted;
		const char *from = lines.at;
		struct line line;

		if (check->scan)
			chat_scan_accept(check->scan, &lines);
		count_accepted(check, report, from, &lines, before, block->cut_off);
		if (lines.at == lines.end)
			break;
		from = lines.at;
		lines.at = (const char *)memchr(from, '\n', (size_t)(lines.end - from)) + 1;
		line.text = (struct chat_span){from, (size_t)(lines.at - from) - 1};
		line.newline = !(block->cut_off && lines.at == lines.end);
		line.is_utf8 = lines.valid_end && lines.at <= lines.valid_end;
		check_line(check, report, &line);
	}
	for (int type = 0; type < CHAT_TYPES; type++)
		report->stats.types[type] += lines.types[type];
}
