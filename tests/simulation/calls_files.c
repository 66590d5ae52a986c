/* Files: the calls of the system that read and write, open, and change names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/calls.h"
#include "simulation/disk.h"
#include "simulation/kernel.h"
#include "simulation/stream.h"

#define NO_NOREPLACE 200 /* in a thousand */

/* ---- reading and writing ---- */

/* Waits until a file that may block can be read or written. */
static void
wait_for(int fd, short events)
{
	struct pollfd wait = {fd, events, 0};

	file_poll(&wait, 1, NEVER);
}

ssize_t
sim_read(int fd, void *bytes, size_t size)
{
	struct file *file = process_file(fd);
	ssize_t count;

	if (!file)
		return -1;
	task_call();
	if (!file->kind->read || (file->flags & O_ACCMODE) == O_WRONLY)
		return fail_with(EBADF);
	while ((count = file->kind->read(file, bytes, size)) < 0 && errno == EAGAIN &&
		!(file->flags & O_NONBLOCK))
		wait_for(fd, POLLIN);
	return count;
}

ssize_t
sim___read_chk(int fd, void *bytes, size_t size, size_t object)
{
	if (size > object)
		abort();
	return sim_read(fd, bytes, size);
}

ssize_t
sim_write(int fd, const void *bytes, size_t len)
{
	struct file *file = process_file(fd);
	size_t wrote = 0;
	ssize_t count;

	if (!file)
		return -1;
	task_call();
	if (!file->kind->write || (file->flags & O_ACCMODE) == O_RDONLY)
		return fail_with(EBADF);
	do {
		count = file->kind->write(file, (const char *)bytes + wrote, len - wrote);
		if (count >= 0)
			wrote += (size_t)count;
		else if (errno == EAGAIN && !(file->flags & O_NONBLOCK))
			wait_for(fd, POLLOUT);
		else
			return wrote ? (ssize_t)wrote : -1;
	} while (wrote < len && !(file->flags & O_NONBLOCK) && !is_disk_file(file));
	return (ssize_t)wrote;
}

ssize_t
sim_writev(int fd, const struct iovec *pieces, int count)
{
	ssize_t wrote = 0;

	for (int i = 0; i < count; i++) {
		ssize_t once = sim_write(fd, pieces[i].iov_base, pieces[i].iov_len);

		if (once < 0)
			return wrote ? wrote : -1;
		wrote += once;
		if ((size_t)once < pieces[i].iov_len)
			break;
	}
	return wrote;
}

ssize_t
sim_pread64(int fd, void *bytes, size_t size, off_t at)
{
	struct file *file = process_file(fd);

	if (!file)
		return -1;
	task_call();
	return is_disk_file(file) ? disk_read_at(file, bytes, size, at) : fail_with(ESPIPE);
}

ssize_t
sim_pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
	struct file *file = process_file(fd);

	if (!file)
		return -1;
	task_call();
	return is_disk_file(file) ? disk_write_at(file, bytes, len, at) : fail_with(ESPIPE);
}

off_t
sim_lseek64(int fd, off_t offset, int whence)
{
	struct file *file = process_file(fd);
	struct stat status = {0};

	if (!file)
		return -1;
	if (!is_disk_file(file))
		return fail_with(ESPIPE);
	file->kind->status(file, &status);
	file->offset = offset +
		(whence == SEEK_CUR                  ? file->offset
				: whence == SEEK_END ? status.st_size
						     : 0);
	return file->offset;
}

int
sim_close(int fd)
{
	return process_drop_fd(fd);
}

/* ---- opening ---- */

/* /proc/self/fd/N: the file once more, with flags of its own. */
static int
open_again(const char *number, int flags)
{
	struct file *file = process_file(atoi(number)), *again = NULL;

	if (file && is_disk_file(file))
		again = disk_open_again(file, flags);
	else if (file)
		again = stream_open_again(file, flags);
	return again ? process_fd(again) : fail_with(ENXIO);
}

int
sim_open64(const char *path, int flags, ...)
{
	static const char again[] = "/proc/self/fd/";
	struct file *file = device_open(path, flags);

	task_call();
	if (file)
		return process_fd(file);
	if (strncmp(path, again, sizeof(again) - 1) == 0)
		return open_again(path + sizeof(again) - 1, flags);
	return disk_open(path, flags, &file) < 0 ? -1 : process_fd(file);
}

int
sim___open64_2(const char *path, int flags)
{
	return sim_open64(path, flags);
}

int
sim_openat64(int dir_fd, const char *name, int flags, ...)
{
	struct file *dir = process_file(dir_fd), *file;

	if (!dir)
		return -1;
	task_call();
	return disk_open_at(dir, name, flags, &file) < 0 ? -1 : process_fd(file);
}

int
sim_fcntl64(int fd, int command, ...)
{
	struct file *file = process_file(fd);
	va_list list;
	int flags;

	if (!file)
		return -1;
	switch (command) {
	case F_GETFL:
		return file->flags;
	case F_SETFL:
		va_start(list, command);
		flags = va_arg(list, int);
		va_end(list);
		file->flags = (file->flags & O_ACCMODE) | (flags & (O_NONBLOCK | O_APPEND));
		return 0;
	case F_GETFD:
	case F_SETFD:
		return 0;
	default:
		return fail_with(EINVAL);
	}
}

/* ---- the disk ---- */

static void
status_begin(struct stat *status)
{
	memset(status, 0, sizeof(*status));
	status->st_nlink = 1;
}

int
sim_fstat64(int fd, struct stat *status)
{
	struct file *file = process_file(fd);

	if (!file)
		return -1;
	status_begin(status);
	if (file->kind->status)
		file->kind->status(file, status);
	return 0;
}

int
sim_stat64(const char *path, struct stat *status)
{
	status_begin(status);
	return disk_status_at(NULL, path, status);
}

int
sim_fstatat64(int dir_fd, const char *name, struct stat *status, int flags)
{
	struct file *dir = dir_fd == AT_FDCWD ? NULL : process_file(dir_fd);

	(void)flags;
	if (!dir && dir_fd != AT_FDCWD)
		return -1;
	status_begin(status);
	return disk_status_at(dir, name, status);
}

int
sim_ftruncate64(int fd, off_t size)
{
	struct file *file = process_file(fd);

	if (!file)
		return -1;
	task_call();
	return is_disk_file(file) ? disk_truncate(file, size) : fail_with(EINVAL);
}

int
sim_fsync(int fd)
{
	struct file *file = process_file(fd);

	if (!file)
		return -1;
	task_call();
	return is_disk_file(file) ? disk_sync(file) : fail_with(EINVAL);
}

int
sim_flock(int fd, int operation)
{
	struct file *file = process_file(fd);

	return file ? disk_lock(file, operation) : -1;
}

int
sim_mkdir(const char *path, mode_t mode)
{
	(void)mode;
	return disk_make_dir(path);
}

int
sim_rename(const char *from, const char *to)
{
	task_call();
	return disk_rename(NULL, from, to);
}

int
sim_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	struct file *dir = process_file(from_fd);

	if (!dir || from_fd != to_fd)
		return fail_with(EXDEV);
	task_call();
	return disk_rename(dir, from, to);
}

/* Some file systems cannot refuse a name that is taken. */
int
sim_renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	struct stat status = {0};

	if (from_fd != to_fd || flags != RENAME_NOREPLACE ||
		chance_hits(world_chance(), NO_NOREPLACE))
		return fail_with(EINVAL);
	if (sim_fstatat64(to_fd, to, &status, 0) == 0)
		return fail_with(EEXIST);
	return sim_renameat(from_fd, from, to_fd, to);
}

int
sim_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	struct file *dir = process_file(from_fd);

	(void)flags;
	if (!dir || from_fd != to_fd)
		return fail_with(EXDEV);
	task_call();
	return disk_link(dir, from, to);
}

int
sim_unlink(const char *path)
{
	return disk_remove(NULL, path);
}

int
sim_unlinkat(int dir_fd, const char *name, int flags)
{
	struct file *dir = process_file(dir_fd);

	(void)flags;
	if (!dir)
		return -1;
	task_call();
	return disk_remove(dir, name);
}

struct sim_dir {
	int fd;
	size_t at;
	struct dirent entry;
};

struct sim_dir *
sim_fdopendir(int fd)
{
	struct sim_dir *dir = sim_calloc(1, sizeof(*dir));

	dir->fd = fd;
	return dir;
}

struct dirent *
sim_readdir64(struct sim_dir *dir)
{
	const char *name = disk_name(process_file(dir->fd), dir->at++);

	if (!name)
		return NULL;
	dir->entry.d_type = DT_REG;
	snprintf(dir->entry.d_name, sizeof(dir->entry.d_name), "%s", name);
	return &dir->entry;
}

int
sim_closedir(struct sim_dir *dir)
{
	int fd = dir->fd;

	sim_free(dir);
	return sim_close(fd);
}

ALIAS(sim_lstat64, sim_stat64);
ALIAS(sim_fdatasync, sim_fsync);
