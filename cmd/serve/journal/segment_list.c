/*
 * The first step of recovery: lists the segments in the directory, and checks the owner and type of
 * their files.
 */
#include "serve/journal/segment_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/removed_file.h"
#include "serve/journal/segment_file.h"
#include "text/array.h"
#include "text/buf.h"
#include "text/err.h"

static void
list_add(struct segment_list *list, uint32_t number)
{
	ARRAY_GROW(list->at, list->count, list->cap, 64);
	list->at[list->count++] = number;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Handles one name in the directory. Ignores names that are not a journal's. */
static int
take_name(struct segment_list *list, int dir_fd, const char *dir, const char *name,
	struct chat_err *err)
{
	uint32_t number = segment_number(name, SEGMENT_LINES);
	struct chat_err why;

	if (segment_name_is_temporary(name) || strcmp(name, REMOVED_NAME ".new") == 0)
		unlinkat(dir_fd, name, 0);
	if (number)
		list_add(list, number);
	if (!segment_name_is_any(name) || journal_dir_check_file(dir_fd, name, &why) == 0)
		return 0;
	return chat_fail(err, why.code, "%s/%s", dir, why.text);
}

int
segment_list_read(struct segment_list *list, int dir_fd, const char *dir, struct chat_err *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", dir);
	}
	while (result == 0 && (errno = 0, entry = readdir(stream)))
		result = take_name(list, dir_fd, dir, entry->d_name, err);
	if (result == 0 && errno)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", dir);
	closedir(stream);
	if (list->count)
		qsort(list->at, list->count, sizeof(*list->at), by_number);
	return result;
}
