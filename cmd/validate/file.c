/*
 * Checks one file: block.c reads blocks of lines and check.c checks them, in one thread or in
 * several (threads.c).
 */
#include "validate/file.h"

#include <sys/stat.h>

#include "command/diag.h"
#include "validate/block.h"
#include "validate/threads.h"

_Static_assert(sizeof(off_t) == 8, "a log may be longer than 2 GiB");

static int
check_blocks(struct check *check, struct chat_lines *input, bool regular, struct chat_err *err)
{
	struct checker *checker = checker_new(check, check->report);
	struct block block = {0};
	int got;

	while ((got = block_read(&block, check, input, regular, err)) > 0)
		checker_check(checker, &block);
	checker_end(checker);
	checker_free(checker);
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
		result = threads_check(check, &input, err);
	else
		result = check_blocks(check, &input, regular, err);
	chat_progress_hide(check->progress);
	report_end_file(check->report, result < 0);
	if (check->report->hint && !check->report->quiet)
		chat_warn("%s: %s", name, check->report->hint);
	chat_lines_free(&input);
	return result;
}
