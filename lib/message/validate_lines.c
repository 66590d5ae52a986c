/*
 * Checks lines. The scanner accepts most valid lines, many at once. A line that it does not accept
 * is parsed, and its errors are reported. One invalid line does not stop the check of the next.
 */
#include <string.h>

#include "message/msg_rest.h"
#include "message/scan.h"
#include "message/validator_private.h"
#include "text/err.h"
#include "text/span.h"

void
chat_validator_report(struct chat_validator *validator, const struct chat_err *finding)
{
	validator->counts.findings++;
	if (validator->report)
		validator->report(validator->report_arg, validator->number, finding);
}

static void
report_finding(void *arg, const struct chat_err *finding)
{
	chat_validator_report(arg, finding);
}

static void
report_too_long(struct chat_validator *validator)
{
	struct chat_err finding;

	chat_fail(&finding, CHAT_TOO_LARGE, "a line of more than %zu bytes", validator->max_line);
	chat_validator_report(validator, &finding);
}

static void
pass(struct chat_validator *validator, enum chat_verdict verdict, uint64_t first, uint64_t count,
	struct chat_span text)
{
	if (validator->lines)
		validator->lines(validator->lines_arg, verdict, first, count, text);
}

/* ---- one line ---- */

/* Returns the number of bytes of the current line that are known to be valid UTF-8. */
static size_t
known_utf8(const struct chat_validator *validator, const struct chat_scan_lines *lines)
{
	struct chat_span line = validator->line;

	if (!lines || !lines->valid_end || lines->valid_end <= line.at)
		return 0;
	return lines->valid_end < line.at + line.len ? (size_t)(lines->valid_end - line.at)
						     : line.len;
}

/*
 * Checks what the scanner has not decided. Returns as check_message(), or -1 if the whole line has
 * to be parsed.
 */
static int
check_rest(struct chat_validator *validator, const struct chat_scan_lines *lines)
{
	int found;

	if (!lines || !lines->stop.at)
		return -1;
	found = chat_msg_check_rest(validator->line, known_utf8(validator, lines), &lines->stop,
		validator->from, report_finding, validator);
	if (found == 0)
		validator->counts.types[lines->stop.type]++;
	return found < 0 ? -1 : found == 0;
}

/*
 * Parses a line that is not blank and reports what is wrong. lines: as the scanner left them at
 * this line; NULL: it has not seen the line. Returns 1 if nothing is, 0 if something is, or -1 if
 * there is no memory.
 */
static int
check_message(struct chat_validator *validator, const struct chat_scan_lines *lines)
{
	bool is_utf8 = known_utf8(validator, lines) == validator->line.len;
	unsigned how = (validator->strict ? CHAT_MSG_STRICT : 0) | (is_utf8 ? CHAT_MSG_IS_UTF8 : 0);
	uint64_t before = validator->counts.findings;
	struct chat_msg msg;
	int valid = check_rest(validator, lines);

	if (valid >= 0)
		return valid;
	if (chat_msg_check(&msg, validator->line, validator->from, how, report_finding, validator) <
		0)
		return -1;
	if (validator->counts.findings == before && validator->message)
		validator->message(validator->message_arg, &msg);
	if (validator->counts.findings > before)
		return 0;
	validator->counts.types[msg.type]++;
	return 1;
}

/* Checks the current line. lines: as for check_message(). Sets *verdict. Returns 0, or -1 if there
 * is no memory. */
static int
judge(struct chat_validator *validator, const struct chat_scan_lines *lines,
	enum chat_verdict *verdict)
{
	int valid = 0;

	if (validator->line.len > validator->max_line) {
		report_too_long(validator);
		*verdict = CHAT_VERDICT_TOO_LONG;
		return 0;
	}
	*verdict = CHAT_VERDICT_BLANK;
	if (!chat_span_is_blank(validator->line))
		valid = check_message(validator, lines);
	else if (validator->strict)
		chat_validator_report(validator,
			&(struct chat_err){.code = CHAT_BAD_JSON, .text = "a blank line"});
	else
		return 0;
	*verdict = valid > 0 ? CHAT_VERDICT_VALID : CHAT_VERDICT_INVALID;
	return valid < 0 ? -1 : 0;
}

/* Checks one line. text: with its newline, if it has one; lines: as for check_message(). Returns 0,
 * or -1 if there is no memory. */
static int
check_line(struct chat_validator *validator, struct chat_span text, size_t newline,
	const struct chat_scan_lines *lines)
{
	struct chat_counts *counts = &validator->counts;
	enum chat_verdict verdict;

	validator->number++;
	validator->line = (struct chat_span){text.at, text.len - newline};
	if (judge(validator, lines, &verdict) < 0)
		return -1;
	counts->lines++;
	if (verdict == CHAT_VERDICT_BLANK)
		counts->blank++;
	else if (verdict == CHAT_VERDICT_VALID)
		counts->valid++;
	else
		counts->invalid++;
	if (verdict == CHAT_VERDICT_TOO_LONG)
		text = (struct chat_span){NULL, 0};
	pass(validator, verdict, validator->number, 1, text);
	return 0;
}

void
chat_validator_skip_line(struct chat_validator *validator)
{
	check_line(validator, (struct chat_span){NULL, SIZE_MAX}, 0, NULL);
}

/* ---- whole lines ---- */

/*
 * Counts the lines that the scanner has accepted. The first of them begins at `from`; `before` is
 * the lines->accepted of that time. cut_off: the last newline is not in the text.
 */
static void
count_accepted(struct chat_validator *validator, const char *from,
	const struct chat_scan_lines *lines, uint64_t before, bool cut_off)
{
	uint64_t count = lines->accepted - before, first = validator->number + 1;
	size_t len = (size_t)(lines->at - from);

	if (count == 0)
		return;
	validator->number += count;
	validator->counts.lines += count;
	validator->counts.valid += count;
	validator->line = (struct chat_span){from, len - 1};
	pass(validator, CHAT_VERDICT_VALID, first, count,
		(struct chat_span){from, len - (cut_off && lines->at == lines->end)});
}

/*
 * Reads the valid lines that the scanner can read, one by one, for the function that wants their
 * messages. cut_off: as for count_accepted().
 */
static void
read_accepted(struct chat_validator *validator, struct chat_scan_lines *lines, bool cut_off)
{
	struct chat_counts *counts = &validator->counts;
	const char *from = lines->at;
	struct chat_msg msg;

	for (; lines->at < lines->end && chat_scan_next(validator->scan, lines, &msg);
		from = lines->at) {
		size_t len = (size_t)(lines->at - from);
		uint64_t before = counts->findings;
		bool valid;

		validator->line = (struct chat_span){from, len - 1};
		validator->number++;
		validator->message(validator->message_arg, &msg);
		valid = counts->findings == before;
		counts->lines++;
		counts->valid += valid;
		counts->invalid += !valid;
		counts->types[msg.type] += valid;
		pass(validator, valid ? CHAT_VERDICT_VALID : CHAT_VERDICT_INVALID,
			validator->number, 1,
			(struct chat_span){from, len - (cut_off && lines->at == lines->end)});
	}
}

/* Accepts the lines that are certainly valid, from lines->at on. cut_off: as for count_accepted().
 */
static void
accept_lines(struct chat_validator *validator, struct chat_scan_lines *lines, bool cut_off)
{
	uint64_t before = lines->accepted;
	const char *from = lines->at;

	if (validator->message) {
		read_accepted(validator, lines, cut_off);
		return;
	}
	chat_scan_accept(validator->scan, lines);
	count_accepted(validator, from, lines, before, cut_off);
}

int
chat_validator_check_lines(
	struct chat_validator *validator, struct chat_span text, bool padded, bool cut_off)
{
	struct chat_scan_lines lines = {
		.at = text.at, .end = text.at + text.len, .max_line = validator->max_line};
	bool scans = padded && validator->scan;
	int result = 0;

	while (lines.at < lines.end && result == 0) {
		const char *from;
		bool last;

		if (scans)
			accept_lines(validator, &lines, cut_off);
		if (lines.at == lines.end)
			break;
		from = lines.at;
		lines.at = (const char *)memchr(from, '\n', (size_t)(lines.end - from)) + 1;
		last = cut_off && lines.at == lines.end;
		result = check_line(validator,
			(struct chat_span){from, (size_t)(lines.at - from) - last}, !last,
			scans ? &lines : NULL);
	}
	for (int type = 0; type < CHAT_TYPES; type++)
		validator->counts.types[type] += lines.types[type];
	return result;
}
