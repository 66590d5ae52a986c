/*
 * Opens files in the directory of a journal. No open(2) here waits (as on a FIFO) or follows a
 * symbolic link in the directory.
 */
#include "serve/journal/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/err.h"

/* Root's files are trusted too: root could change our own files anyway. */
static bool
is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() || status->st_uid == 0;
}

/* Returns the reason why a file must not be used, or NULL if there is none. */
static const char *
file_flaw(const struct stat *status)
{
	if (S_ISLNK(status->st_mode))
		return "is a symbolic link";
	if (!S_ISREG(status->st_mode))
		return "is not a regular file";
	return is_ours(status) ? NULL : "belongs to another user";
}

/* Returns the reason why the directory must not be used, or NULL if there is none. */
static const char *
dir_flaw(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return "cannot be looked at";
	if (!is_ours(&status))
		return "belongs to another user";
	return status.st_mode & S_IWOTH ? "can be written by everybody" : NULL;
}

int
journal_dir_open(const char *path, struct chat_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	const char *flaw;

	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", path);
	flaw = dir_flaw(fd);
	if (!flaw)
		return fd;
	close(fd);
	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: the directory %s", path, flaw);
}

int
journal_dir_open_file(
	int dir_fd, const char *name, int flags, enum chat_code code, struct chat_err *err)
{
	int fd = openat(dir_fd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
	struct stat status;
	const char *flaw;

	if (fd < 0 && errno == ELOOP)
		return chat_fail(err, code, "%s: is a symbolic link", name);
	if (fd < 0 && (errno == ENXIO || errno == EISDIR)) /* a FIFO or a socket; a directory */
		return chat_fail(err, code, "%s: is not a regular file", name);
	if (fd < 0)
		return chat_fail(err, code, "%s: %m", name);
	flaw = fstat(fd, &status) < 0 ? "cannot be looked at" : file_flaw(&status);
	if (!flaw)
		return fd;
	close(fd);
	errno = EPERM;
	return chat_fail(err, code, "%s: %s", name, flaw);
}

int
journal_dir_check_file(int dir_fd, const char *name, struct chat_err *err)
{
	struct stat status;
	const char *flaw;

	if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", name);
	flaw = file_flaw(&status);
	return flaw ? chat_fail(err, CHAT_CANNOT_OPEN, "%s: %s", name, flaw) : 0;
}

int
journal_dir_create(int dir_fd, const char *name, struct chat_err *err)
{
	if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %m", name);
	return journal_dir_open_file(
		dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, CHAT_CANNOT_CREATE, err);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int
journal_dir_is_in_place(int dir_fd, const char *path, struct chat_err *err)
{
	struct stat ours, there;

	if (fstat(dir_fd, &ours) < 0 || (ours.st_nlink && stat(path, &there) < 0))
		return chat_fail(err, CHAT_IO_ERROR, "%s: %m", path);
	if (ours.st_nlink == 0)
		return chat_fail(err, CHAT_IO_ERROR, "%s: the directory was removed", path);
	if (!is_same(&ours, &there))
		return chat_fail(err, CHAT_IO_ERROR, "%s: there is another directory by now", path);
	return 0;
}

int
journal_dir_file_is_in_place(int dir_fd, const char *name, int fd, struct chat_err *err)
{
	struct stat ours, there;

	if (fstat(fd, &ours) < 0 || fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	if (!is_same(&ours, &there))
		return chat_fail(err, CHAT_IO_ERROR, "%s: is another file by now", name);
	return 0;
}

bool
journal_dir_file_size(int dir_fd, const char *name, uint64_t *bytes)
{
	struct stat status;
	bool there =
		fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);

	*bytes = there ? (uint64_t)status.st_size : 0;
	return there;
}

int
journal_dir_read_file(
	int fd, void *bytes, size_t len, uint64_t at, const char *name, struct chat_err *err)
{
	char *to = bytes;

	while (len) {
		ssize_t count = pread(fd, to, len, (off_t)at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return chat_fail(err, CHAT_IO_ERROR, "%s: read: %m", name);
		if (count == 0)
			return chat_fail(err, CHAT_IO_ERROR, "%s: is too short", name);
		to += count;
		at += (uint64_t)count;
		len -= (size_t)count;
	}
	return 0;
}
