/*
 * Certificates may come from a pipe, as in --cacert <(…), but libcurl opens the file again for
 * every connection, and blocks in that.
 */
#include "common/pipe_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/err.h"
#include "text/line.h"

#define PIPE_COPY_MAX_BYTES ((size_t)1 << 20)

/* Returns true for a regular file, a directory, or a path that stat(2) cannot find. */
static bool
is_rereadable(const char *path)
{
	struct stat info;

	return stat(path, &info) < 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
}

/* Copies all bytes. Returns 0, or -1 with errno. */
static int
copy(int from, int to)
{
	char bytes[16384];
	size_t total = 0;
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || chat_write_all(to, bytes, (size_t)got, NULL) < 0)
			return -1;
		total += (size_t)got;
		if (total > PIPE_COPY_MAX_BYTES) {
			errno = EFBIG;
			return -1;
		}
	}
	return 0;
}

int
pipe_copy(const char **path, char name[PIPE_COPY_NAME_SIZE], struct chat_err *err)
{
	int from, to, failed = -1;

	if (!*path || is_rereadable(*path))
		return 0;
	from = open(*path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	to = memfd_create("chat", MFD_CLOEXEC);
	if (from >= 0 && to >= 0)
		failed = copy(from, to);
	if (failed)
		chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", *path, strerror(errno));
	if (from >= 0)
		close(from);
	if (failed) {
		if (to >= 0)
			close(to);
		return -1;
	}
	snprintf(name, PIPE_COPY_NAME_SIZE, "/proc/self/fd/%d", to);
	*path = name;
	return 0;
}
