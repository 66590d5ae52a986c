/*
 * From a file to findings: fd -> block of lines -> scan, and line by line msg -> report. Every line
 * stands alone; a bad one costs a finding and the next one is looked at.
 */
#include "validate/check.h"

#include <poll.h>
#include <sys/stat.h>

#include "chat/msg.h"
#include "command/diag.h"
#include "message/hint.h"
#include "validate/team.h"

static bool
is_blank(struct chat_span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
			return false;
	return true;
}

/* A line that is looked at by itself. */
struct line {
	struct chat_span text;
	bool newline; /* is behind it in the file */
	bool is_utf8; /* as is known already */
};

/* Checks a line that is not blank; whether it is a message, and in its place. */
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
	if (!is_blank(line->text)) {
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
		output_line(check->lines, line->text, line->newline);
	if (check->rejects && !valid)
		output_line(check->rejects, line->text, line->newline);
}

/* The lines up to `to` were accepted; the last of them with its newline, or without. */
static void
note_accepted(const struct check *check, struct report *report, const char *from,
	const struct chat_scan_lines *lines, uint64_t before, bool cut_off)
{
	uint64_t count = lines->accepted - before;

	if (count == 0)
		return;
	report->line += count;
	report->stats.lines += count;
	report->stats.valid += count;
	if (check->pass == PASS_VALID)
		output_line(check->lines, (struct chat_span){from, (size_t)(lines->at - from) - 1},
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
		note_accepted(check, report, from, &lines, before, block->cut_off);
		if (lines.at == lines.end)
			break;
		from = lines.at;
		lines.at = (const char *)memchr(from, '\n', (size_t)(lines.end - from)) + 1;
		line.text = (struct chat_span){from, (size_t)(lines.at - from) - 1};
		line.newline = !(block->cut_off && lines.at == lines.end);
		line.is_utf8 = lines.valid_end != NULL && lines.at <= lines.valid_end;
		check_line(check, report, &line);
	}
	for (int type = 0; type < CHAT_TYPES; type++)
		report->stats.types[type] += lines.types[type];
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
		if (check->rejects)
			output_flush(check->rejects);
		output_wait(result, lines->fd);
	}
	filled = chat_lines_fill(lines, err);
	if (filled > 0) {
		check->report->stats.bytes += lines->buf.len - held;
		chat_progress_add(check->progress, lines->buf.len - held);
	}
	return filled;
}

/* A line alone: the rest of a buffer, or what is behind a line that was too long. */
static void
block_single(struct block *block, struct chat_span line, bool cut_off)
{
	static const char padding[1 + CHAT_LINES_PADDING] = {'\n'};

	block->bytes.len = 0;
	chat_buf_append_span(&block->bytes, line);
	chat_buf_append(&block->bytes, padding, sizeof(padding));
	block->lines = (struct chat_span){block->bytes.at, line.len + 1};
	block->cut_off = cut_off;
}

int
check_next_block(struct check *check, struct chat_lines *input, bool regular, struct block *block,
	struct chat_err *err)
{
	struct chat_span line;

	block->lines = (struct chat_span){NULL, 0};
	block->cut_off = block->too_long = false;
	chat_lines_lend(input, &block->bytes);
	for (;;) {
		if (chat_lines_take_whole(input, &block->bytes, &block->lines))
			return 1;
		switch (chat_lines_take(input, &line)) {
		case CHAT_LINE_NONE:
			if (fill(check, input, regular, err) < 0)
				return -1;
			break;
		case CHAT_LINE_TAKEN:
			block_single(block, line, false);
			return 1;
		case CHAT_LINE_CUT_OFF:
			block_single(block, line, true);
			return 1;
		case CHAT_LINE_TOO_LONG:
			block->too_long = true;
			return 1;
		case CHAT_LINE_END:
			return 0;
		}
	}
}

static int
check_blocks(struct check *check, struct chat_lines *input, bool regular, struct chat_err *err)
{
	struct block block = {0};
	int got;

	while ((got = check_next_block(check, input, regular, &block, err)) > 0)
		check_block(check, check->report, &block);
	chat_buf_free(&block.bytes);
	return got;
}

int
check_file(struct check *check, int fd, const char *name, struct chat_err *err)
{
	struct chat_lines input;
	struct stat stat;
	bool regular = fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode);
	int result;

	chat_lines_init(&input, fd, check->max_line_bytes);
	if (check->read_bytes)
		input.read_bytes = check->read_bytes;
	report_begin_file(check->report, name);
	if (check->state)
		state_reset(check->state);
	chat_progress_begin(check->progress, name, regular ? (uint64_t)stat.st_size : 0);
	if (regular && check->threads > 1)
		result = team_check(check, &input, err);
	else
		result = check_blocks(check, &input, regular, err);
	chat_progress_hide(check->progress);
	report_end_file(check->report, result < 0);
	if (check->report->hint && !check->report->quiet)
		chat_warn("%s: %s", name, check->report->hint);
	chat_lines_free(&input);
	return result;
}
