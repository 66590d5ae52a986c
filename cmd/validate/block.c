/* Reads blocks of whole lines from a file descriptor, for checker_check(). */
#include "validate/block.h"

#include <poll.h>

/*
 * Reads more bytes of the input. If the input is no regular file and has no bytes yet, first writes
 * all gathered output and waits for input. Returns what chat_lines_fill() returns.
 */
static int
fill(struct check *check, struct chat_lines *lines, bool regular, struct chat_err *err)
{
	struct writer *findings = check->report->writer;
	struct writer *result = check->pass == PASS_NONE ? findings : check->lines;
	struct pollfd coming = {.fd = lines->fd, .events = POLLIN};
	size_t held = lines->buf.len - lines->start;
	int filled;

	if (!regular && poll(&coming, 1, 0) == 0) {
		writer_flush(findings);
		writer_flush(result);
		if (check->rejects)
			writer_flush(check->rejects);
		writer_wait(result, lines->fd);
	}
	filled = chat_lines_fill(lines, err);
	if (filled > 0) {
		check->report->stats.bytes += lines->buf.len - held;
		chat_progress_add(check->progress, lines->buf.len - held);
	}
	return filled;
}

/*
 * Makes a block of one line: the last line of the input if it has no newline, or the line after one
 * that was too long.
 */
static void
set_single_line(struct block *block, struct chat_span line, bool cut_off)
{
	block->bytes.len = 0;
	chat_buf_append_span(&block->bytes, line);
	if (!cut_off)
		chat_buf_append(&block->bytes, "\n", 1);
	block->lines = chat_buf_span(&block->bytes);
	block->cut_off = cut_off;
}

int
block_read(struct block *block, struct check *check, struct chat_lines *input, bool regular,
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
			set_single_line(block, line, false);
			return 1;
		case CHAT_LINE_CUT_OFF:
			set_single_line(block, line, true);
			return 1;
		case CHAT_LINE_TOO_LONG:
			block->too_long = true;
			return 1;
		case CHAT_LINE_END:
			return 0;
		}
	}
}
