/* The files of /dev: a file that takes everything, and one that takes nothing. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "simulation/kernel.h"

static ssize_t
read_nothing(struct file *file, void *bytes, size_t size)
{
	(void)file;
	(void)bytes;
	(void)size;
	return 0;
}

static ssize_t
write_null(struct file *file, const void *bytes, size_t len)
{
	(void)file;
	(void)bytes;
	return (ssize_t)len;
}

static ssize_t
write_full(struct file *file, const void *bytes, size_t len)
{
	(void)file;
	(void)bytes;
	(void)len;
	return fail_with(ENOSPC);
}

static short
always_ready(struct file *file)
{
	(void)file;
	return POLLIN | POLLOUT;
}

static void
device_status(struct file *file, struct stat *status)
{
	(void)file;
	status->st_mode = S_IFCHR | 0666;
}

static const struct file_kind null_kind = {
	.read = read_nothing,
	.write = write_null,
	.ready = always_ready,
	.status = device_status,
};

static const struct file_kind full_kind = {
	.read = read_nothing,
	.write = write_full,
	.ready = always_ready,
	.status = device_status,
};

struct file *
device_open(const char *path, int flags)
{
	flags &= O_ACCMODE | O_NONBLOCK;
	if (strcmp(path, "/dev/null") == 0)
		return file_new(&null_kind, flags, NULL);
	if (strcmp(path, "/dev/full") == 0)
		return file_new(&full_kind, flags, NULL);
	return NULL;
}
