/* One line: the epoch, and the CRC-32C of its digits. */
#include "serve/journal/epoch_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/util/crc32c.h"
#include "text/err.h"
#include "text/line.h"

#define NAME "epoch"
#define TEMPORARY NAME ".new"
#define LINE_SIZE 32

/* Formats the line. Returns its length. */
static size_t
line_format(char line[LINE_SIZE], uint64_t epoch)
{
	int len = snprintf(line, LINE_SIZE, "%012" PRIx64, epoch);
	uint32_t crc = crc32c(0, line, (size_t)len);

	return (size_t)len + (size_t)snprintf(line + len, LINE_SIZE - (size_t)len, " %08x\n", crc);
}

uint64_t
epoch_file_read(int dir_fd)
{
	struct chat_err why;
	int fd = journal_dir_open_file(dir_fd, NAME, O_RDONLY, CHAT_CANNOT_OPEN, &why);
	char line[LINE_SIZE] = "", same[LINE_SIZE];
	uint64_t epoch = 0;
	ssize_t len;

	if (fd < 0)
		return 0;
	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (len <= 0 || sscanf(line, "%12" SCNx64, &epoch) != 1 ||
		line_format(same, epoch) != (size_t)len || memcmp(line, same, (size_t)len) != 0)
		return 0;
	return epoch;
}

int
epoch_file_write(int dir_fd, uint64_t epoch, struct chat_err *err)
{
	int fd = journal_dir_create(dir_fd, TEMPORARY, err), result;
	char line[LINE_SIZE];

	if (fd < 0)
		return -1;
	result = chat_write_all(fd, line, line_format(line, epoch), err);
	if (result == 0 && fsync(fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: sync: %m", TEMPORARY);
	close(fd);
	if (result == 0 && renameat(dir_fd, TEMPORARY, dir_fd, NAME) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", NAME);
	if (result < 0)
		unlinkat(dir_fd, TEMPORARY, 0);
	return result;
}
