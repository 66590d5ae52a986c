/*
 * An index file that is missing, wrong or of an older form is made again from the lines of its
 * segment. The lines have all its data; but a wrong index file that is used would hide messages.
 */
#include "serve/journal/index_rebuild.h"

#include <errno.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/scan.h"
#include "serve/journal/segment.h"
#include "text/err.h"

/*
 * Writes the index file. Returns 0, or -1, also if a line is damaged: only --repair removes damaged
 * lines.
 */
static int
index_make(int dir_fd, uint32_t number, const char *name, struct chat_err *err)
{
	char lines[SEGMENT_NAME_MAX];
	struct scan scan;
	int result = 0;

	segment_name(lines, number, SEGMENT_LINES);
	if (segment_scan(&scan, dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	if (scan.damaged || scan.good_bytes < scan.file_bytes)
		result = chat_fail(err, CHAT_BAD_MESSAGE, "%s:%llu: not what was written", lines,
			(unsigned long long)(scan.damaged ? scan.damaged : scan.lines));
	else
		result = index_file_write(&scan.index, scan.good_bytes, dir_fd, name, err);
	scan_free(&scan);
	return result;
}

void
index_report_wrong(const struct journal *journal, uint32_t number, const struct chat_err *why)
{
	char name[SEGMENT_NAME_MAX];

	journal_warn(journal, "%s: %s; it is made again", segment_name(name, number, SEGMENT_INDEX),
		why->text);
}

int
index_open_if_valid(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	struct chat_err why = {0};

	segment_name(name, number, SEGMENT_INDEX);
	if (index_file_open(index, dir_fd, name, lines_bytes, &why) == 0)
		return 0;
	if (why.code != CHAT_BAD_MESSAGE && errno != ENOENT)
		return chat_fail(err, why.code, "%s", why.text);
	if (why.code == CHAT_BAD_MESSAGE)
		index_report_wrong(journal, number, &why);
	return 1;
}

static int
fail_no_segment(const char *lines, struct chat_err *err)
{
	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: is not there", lines);
}

int
index_rebuild(struct index_file *index, int dir_fd, uint32_t number, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX], lines[SEGMENT_NAME_MAX];
	uint64_t lines_bytes;

	segment_name(name, number, SEGMENT_INDEX);
	segment_name(lines, number, SEGMENT_LINES);
	if (index_make(dir_fd, number, name, err) < 0)
		return -1;
	if (journal_dir_file_size(dir_fd, lines, &lines_bytes))
		return index_file_open(index, dir_fd, name, lines_bytes, err);
	unlinkat(dir_fd, name, 0); /* another thread removed the segment */
	return fail_no_segment(lines, err);
}

int
index_open_or_rebuild(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err)
{
	char lines[SEGMENT_NAME_MAX];
	uint64_t bytes;
	int result;

	segment_name(lines, number, SEGMENT_LINES);
	if (!journal_dir_file_size(dir_fd, lines, &bytes))
		return fail_no_segment(lines, err);
	if (bytes != lines_bytes)
		return chat_fail(err, CHAT_BAD_MESSAGE, "%s: somebody else has changed it", lines);
	result = index_open_if_valid(journal, index, dir_fd, number, lines_bytes, err);
	return result <= 0 ? result : index_rebuild(index, dir_fd, number, err);
}
