/*
 * The files of a segment: their names, and the functions that open, replace and delete them. A file
 * that is replaced has a temporary name until it is complete.
 */
#include "serve/journal/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "text/err.h"

/* ---- names ---- */

static const char *const suffixes[] = {
	[SEGMENT_LINES] = "ndjson",
	[SEGMENT_SUMS] = "sums",
	[SEGMENT_INDEX] = "index",
	[SEGMENT_TORN] = "torn",
	[SEGMENT_DAMAGED] = "damaged",
};

const char *
segment_name(char name[SEGMENT_NAME_MAX], uint32_t number, enum segment_file file)
{
	snprintf(name, SEGMENT_NAME_MAX, "%08u.%s", number, suffixes[file]);
	return name;
}

uint32_t
segment_number(const char *name, enum segment_file file)
{
	char expected[SEGMENT_NAME_MAX];
	unsigned long number = strtoul(name, NULL, 10);

	if (number == 0 || number >= UINT32_MAX)
		return 0;
	segment_name(expected, (uint32_t)number, file);
	return strcmp(expected, name) == 0 ? (uint32_t)number : 0;
}

bool
segment_name_is_any(const char *name)
{
	bool is = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		is |= segment_number(name, (enum segment_file)i) != 0;
	return is;
}

bool
segment_name_is_temporary(const char *name)
{
	size_t len = strlen(name);

	return len > 12 && strspn(name, "0123456789") >= 8 && strcmp(name + len - 4, ".new") == 0;
}

/* ---- files ---- */

int
segment_file_open(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return journal_dir_open_file(
		dir_fd, segment_name(name, number, file), flags, CHAT_CANNOT_OPEN, err);
}

int
segment_file_open_append(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return journal_dir_open_file(dir_fd, segment_name(name, number, file),
		flags | O_WRONLY | O_APPEND, CHAT_CANNOT_CREATE, err);
}

int
segment_file_write(int fd, struct chat_span bytes)
{
	while (bytes.len) {
		ssize_t count = write(fd, bytes.at, bytes.len);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			errno = count == 0 ? EIO : errno;
			return -1;
		}
		bytes.at += count;
		bytes.len -= (size_t)count;
	}
	return 0;
}

static int
write_synced(int fd, const char *name, struct chat_span bytes, struct chat_err *err)
{
	int result = 0;

	if (segment_file_write(fd, bytes) < 0 || fsync(fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	close(fd);
	return result;
}

int
segment_file_append(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd = segment_file_open_append(dir_fd, number, file, O_CREAT, err);

	if (fd < 0)
		return -1;
	return write_synced(fd, segment_name(name, number, file), bytes, err);
}

int
segment_file_replace(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX], temporary[SEGMENT_NAME_MAX + 4];
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.new", segment_name(name, number, file));
	fd = journal_dir_create(dir_fd, temporary, err);
	if (fd < 0)
		return -1;
	if (write_synced(fd, temporary, bytes, err) < 0 ||
		(renameat(dir_fd, temporary, dir_fd, name) < 0 &&
			chat_fail(err, CHAT_IO_ERROR, "%s: %m", name) < 0)) {
		unlinkat(dir_fd, temporary, 0);
		return -1;
	}
	return 0;
}

int
segment_remove(int dir_fd, uint32_t number, struct chat_err *err)
{
	static const enum segment_file files[] = {SEGMENT_LINES, SEGMENT_SUMS, SEGMENT_INDEX};
	char name[SEGMENT_NAME_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (unlinkat(dir_fd, segment_name(name, number, files[i]), 0) < 0 &&
			errno != ENOENT)
			return chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	return 0;
}
