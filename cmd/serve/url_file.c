/* The URL file tells a script the port of the server, and that the server answers. */
#include "serve/url_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/err.h"
#include "text/line.h"

#define TRIES 100

static int
fail(const struct url_file *file, enum chat_code code, struct chat_err *err)
{
	return chat_fail(err, code, "%s: %s", file->path, strerror(errno));
}

/* Makes a new file, with a random name, in the directory of the path. */
static int
make(struct url_file *file)
{
	struct chat_buf name = {0};
	unsigned long long random;

	for (int i = 0; i < TRIES && file->fd < 0; i++) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			break;
		name.len = 0;
		chat_buf_printf(&name, "%s.%016llx", file->path, random);
		chat_buf_append(&name, "", 1);
		file->fd =
			open(name.at, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (file->fd < 0 && errno != EEXIST)
			break;
	}
	if (file->fd >= 0)
		file->temporary = name.at;
	else
		chat_buf_free(&name);
	return file->fd < 0 ? -1 : 0;
}

static int
take_name(struct url_file *file)
{
	if (rename(file->temporary, file->path) < 0)
		return -1;
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

int
url_file_open(struct url_file *file, const char *path, bool early, struct chat_err *err)
{
	struct stat there;

	*file = (struct url_file){.path = path, .fd = -1};
	if (!path)
		return 0;
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: not a regular file", path);
	if (make(file) < 0)
		return fail(file, CHAT_CANNOT_CREATE, err);
	if ((early ? take_name(file) : unlink(path)) < 0 && errno != ENOENT) {
		fail(file, CHAT_CANNOT_CREATE, err);
		url_file_close(file, NULL);
		return -1;
	}
	return 0;
}

int
url_file_write(struct url_file *file, const char *url, struct chat_err *err)
{
	struct chat_buf line = {0};
	int failed;

	if (!file->path)
		return 0;
	chat_buf_printf(&line, "%s\n", url);
	failed = chat_write_all(file->fd, line.at, line.len, NULL);
	chat_buf_free(&line);
	if (failed == 0 && file->temporary)
		failed = take_name(file);
	return failed < 0 ? fail(file, CHAT_IO_ERROR, err) : 0;
}

/* Returns true if the name is still that of our file. */
static bool
is_ours(const struct url_file *file, const char *name)
{
	struct stat ours, there;

	return fstat(file->fd, &ours) == 0 && lstat(name, &there) == 0 &&
		ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

int
url_file_close(struct url_file *file, struct chat_err *err)
{
	const char *name = file->temporary ? file->temporary : file->path;
	int failed = 0;

	if (file->fd < 0)
		return 0;
	if (is_ours(file, name) && unlink(name) < 0 && ftruncate(file->fd, 0) < 0)
		failed = fail(file, CHAT_IO_ERROR, err);
	close(file->fd);
	free(file->temporary);
	*file = (struct url_file){.fd = -1};
	return failed;
}
