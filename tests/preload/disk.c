/*
 * A disk that fails, and one that forgets. Preloaded into a server, it watches the system calls on
 * files below one directory. Environment:
 *
 * DISK_DIR=/path: the directory, as /proc/self/fd shows it.
 *
 * DISK_FAULT=call:n:error:count[:file][,...]: the n-th such call and the count - 1 after it fail
 * with this errno (count 0: all from the n-th on). With error 0 a write takes only half. With file
 * they fail only while it exists.
 *
 * DISK_HOLD=call:file: such calls wait while the file exists.
 *
 * DISK_LOG=file: gets a line for each change that is certainly on the disk: "sync PATH SIZE", "cut
 * PATH SIZE", "new PATH 0", "dir PATH 0".
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAULTS_MAX 4

struct fault {
	char call[32];
	long first, count;
	int error;
	char file[256];
	atomic_long calls;
};

static struct {
	atomic_bool ready;
	char dir[PATH_MAX];
	struct fault faults[FAULTS_MAX];
	struct fault hold;
	int log; /* -1: none */
} disk = {.log = -1};

__attribute__((constructor)) static void
disk_open(void)
{
	const char *dir = getenv("DISK_DIR"), *fault = getenv("DISK_FAULT");
	const char *log = getenv("DISK_LOG"), *hold = getenv("DISK_HOLD");

	if (!dir)
		return;
	snprintf(disk.dir, sizeof(disk.dir), "%s", dir);
	for (int i = 0; fault && i < FAULTS_MAX; i++) {
		struct fault *f = &disk.faults[i];

		sscanf(fault, "%31[^:]:%ld:%d:%ld:%255[^,]", f->call, &f->first, &f->error,
			&f->count, f->file);
		fault = strchr(fault, ',');
		fault = fault ? fault + 1 : NULL;
	}
	if (hold)
		sscanf(hold, "%31[^:]:%255s", disk.hold.call, disk.hold.file);
	if (log)
		disk.log = (int)syscall(
			SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	atomic_store(&disk.ready, true);
}

/* The path of a descriptor if it lies below the directory. */
static bool
path_of(int fd, char path[PATH_MAX])
{
	char link[64];
	ssize_t len;

	if (!atomic_load(&disk.ready))
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, PATH_MAX - 1);
	path[len > 0 ? len : 0] = '\0';
	return len > 0 && strncmp(path, disk.dir, strlen(disk.dir)) == 0;
}

static bool
fault_hits(struct fault *fault, const char *call)
{
	long n;

	if (strcmp(call, fault->call) != 0 ||
		(*fault->file && faccessat(AT_FDCWD, fault->file, F_OK, 0) < 0))
		return false;
	n = atomic_fetch_add(&fault->calls, 1) + 1;
	if (n < fault->first || (fault->count && n >= fault->first + fault->count))
		return false;
	errno = fault->error;
	return true;
}

static bool
fails(const char *call)
{
	while (strcmp(call, disk.hold.call) == 0 &&
		faccessat(AT_FDCWD, disk.hold.file, F_OK, 0) == 0)
		poll(NULL, 0, 1);
	for (int i = 0; i < FAULTS_MAX; i++)
		if (fault_hits(&disk.faults[i], call))
			return true;
	return false;
}

static void
note(const char *what, const char *path, long long size)
{
	char line[PATH_MAX + 64];
	int len = snprintf(line, sizeof(line), "%s %s %lld\n", what, path, size);

	if (disk.log >= 0)
		syscall(SYS_write, disk.log, line, (size_t)len);
}

static long long
size_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 ? (long long)status.st_size : 0;
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
	char path[PATH_MAX];

	if (path_of(fd, path) && fails("write")) {
		if (errno)
			return -1;
		len = (len + 1) / 2;
	}
	return syscall(SYS_write, fd, bytes, len);
}

ssize_t
pread(int fd, void *bytes, size_t len, off_t at)
{
	char path[PATH_MAX];

	if (path_of(fd, path) && fails("pread"))
		return -1;
	return syscall(SYS_pread64, fd, bytes, len, at);
}

static int
sync_by(int (*real)(int), const char *call, int fd)
{
	char path[PATH_MAX];
	struct stat status;
	long long size;
	int result;

	if (!path_of(fd, path))
		return real(fd);
	if (fails(call))
		return -1;
	size = size_of(fd); /* what comes while it works may be lost */
	result = real(fd);
	if (result == 0 && fstat(fd, &status) == 0)
		note(S_ISDIR(status.st_mode) ? "dir" : "sync", path, size);
	return result;
}

static int
real_fdatasync(int fd)
{
	return (int)syscall(SYS_fdatasync, fd);
}

static int
real_fsync(int fd)
{
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	return sync_by(real_fdatasync, "fdatasync", fd);
}

int
fsync(int fd)
{
	return sync_by(real_fsync, "fsync", fd);
}

int
ftruncate(int fd, off_t size)
{
	char path[PATH_MAX];
	int result;

	if (!path_of(fd, path))
		return (int)syscall(SYS_ftruncate, fd, size);
	if (fails("ftruncate"))
		return -1;
	result = (int)syscall(SYS_ftruncate, fd, size);
	if (result == 0)
		note("cut", path, (long long)size);
	return result;
}

int
openat(int dir, const char *name, int flags, ...)
{
	char path[PATH_MAX];
	mode_t mode = 0;
	va_list list;

	if (flags & O_CREAT) {
		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
	}
	if (dir < 0 || !path_of(dir, path))
		return (int)syscall(SYS_openat, dir, name, flags, mode);
	if (fails("open"))
		return -1;
	if ((flags & O_CREAT) && faccessat(dir, name, F_OK, 0) < 0)
		note("new", name, 0);
	return (int)syscall(SYS_openat, dir, name, flags, mode);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	char path[PATH_MAX];

	if (path_of(from_dir, path) && fails("rename"))
		return -1;
	return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}
