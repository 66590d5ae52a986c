/*
 * From a file to findings: fd -> line -> msg -> report. Every line stands alone; a bad one costs a
 * finding and the next one is looked at.
 */
#include "validate/check.h"

#include <poll.h>
#include <sys/stat.h>

#include "line.h"
#include "msg.h"

static bool
is_blank(struct chat_span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
			return false;
	return true;
}

/* Checks a line that is not blank; whether it is a message. */
static bool
check_message(struct check *check, struct chat_span line)
{
	struct report *report = check->report;
	struct chat_msg msg;

	if (chat_msg_check(&msg, line, check->from, check->strict, report_finding, report) > 0)
		return false;
	report->stats.types[msg.type]++;
	return true;
}

static void
check_line(struct check *check, struct chat_span line, bool newline)
{
	struct stats *stats = &check->report->stats;
	struct chat_err error = {0};
	bool valid;

	if (!is_blank(line)) {
		valid = check_message(check, line);
	} else if (check->strict) {
		chat_fail(&error, CHAT_BAD_JSON, "a blank line");
		report_finding(check->report, &error);
		valid = false;
	} else {
		stats->blank++;
		return;
	}
	if (valid)
		stats->valid++;
	else
		stats->invalid++;
	if (check->pass == (valid ? PASS_VALID : PASS_INVALID))
		output_line(check->lines, line, newline);
}

static void
refuse_line(struct check *check)
{
	struct chat_err error = {0};

	chat_fail(&error, CHAT_TOO_LARGE, "a line of more than %zu bytes", check->max_line_bytes);
	report_finding(check->report, &error);
	check->report->stats.invalid++;
}

/* More bytes of the file; while they have yet to come, nothing is held back. */
static int
fill(struct check *check, struct chat_lines *lines, bool regular, struct chat_err *err)
{
	struct output *findings = check->report->output;
	struct output *result = check->pass == PASS_NONE ? findings : check->lines;
	struct pollfd coming = {.fd = lines->fd, .events = POLLIN};
	size_t held = lines->buf.len - lines->start;
	int filled;

	if (!regular && poll(&coming, 1, 0) == 0) {
		output_flush(findings);
		output_flush(result);
		output_wait(result, lines->fd);
	}
	filled = chat_lines_fill(lines, err);
	if (filled > 0)
		check->report->stats.bytes += lines->buf.len - held;
	return filled;
}

static int
check_lines(struct check *check, struct chat_lines *lines, bool regular, struct chat_err *err)
{
	struct report *report = check->report;
	struct chat_span line;

	for (;;) {
		enum chat_line what = chat_lines_take(lines, &line);

		if (what == CHAT_LINE_END)
			return 0;
		if (what == CHAT_LINE_NONE) {
			if (fill(check, lines, regular, err) < 0)
				return -1;
			continue;
		}
		report->line = lines->number;
		report->stats.lines++;
		if (what == CHAT_LINE_TOO_LONG)
			refuse_line(check);
		else
			check_line(check, line, what == CHAT_LINE_TAKEN);
	}
}

int
check_file(struct check *check, int fd, const char *name, struct chat_err *err)
{
	struct chat_lines lines;
	struct stat stat;
	bool regular = fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode);
	int result;

	chat_lines_init(&lines, fd, check->max_line_bytes);
	report_begin_file(check->report, name);
	result = check_lines(check, &lines, regular, err);
	report_end_file(check->report);
	chat_lines_free(&lines);
	return result;
}
