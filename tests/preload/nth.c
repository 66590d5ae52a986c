/*
 * Makes one call of a program to the system fail. Preloaded, it counts the calls of one kind that
 * the program and its libraries make. Environment:
 *
 * CHAT_NTH=kind:n:error: the n-th call of this kind fails with this errno, and no other.
 *
 * CHAT_NTH_COUNT=file: the number of calls of this kind, as a long, at every moment.
 *
 * The kinds are malloc, read, write, fsync, open, rename, accept, epoll_wait, poll, getrandom,
 * clone; each has the relatives of its call. Reads and writes are those of files and sockets: those
 * of pipes and eventfds, with which libuv wakes itself, cannot fail, and it ends the process if
 * they do. With a socket EIO and ENOSPC, which it does not know, are ECONNRESET.
 *
 * The allocations of libseccomp are not counted, for the reason that is in alloc.c, and not those
 * of getpwuid_r(3): the name service of glibc (2.36) crashes without memory.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "libseccomp.h"

/* glibc's own, by the names it keeps for this. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* Those that the headers declare only to be used by others. */
int __open64_2(const char *path, int flags);
ssize_t __read_chk(int fd, void *bytes, size_t len, size_t room);

static struct {
	atomic_bool ready;
	char kind[16];
	long n;
	int error;
	atomic_long none; /* counted here where there is no file */
	atomic_long *calls;
} nth;

/* The file is mapped at the start, for later a sandbox may forbid it. */
__attribute__((constructor)) static void
look_around(void)
{
	const char *path = getenv("CHAT_NTH_COUNT"), *wanted = getenv("CHAT_NTH");
	void *page;
	int fd;

	nth.calls = &nth.none;
	if (!wanted || sscanf(wanted, "%15[^:]:%ld:%d", nth.kind, &nth.n, &nth.error) != 3)
		return;
	fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)
		  : -1;
	if (fd >= 0 && ftruncate(fd, sizeof(long)) == 0) {
		page = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (page != MAP_FAILED)
			nth.calls = page;
	}
	close(fd);
	dl_iterate_phdr(note_libseccomp, NULL);
	unsetenv("LD_PRELOAD"); /* what it starts is not watched */
	atomic_store(&nth.ready, true);
}

static bool
fails(const char *kind)
{
	if (!atomic_load(&nth.ready) || strcmp(kind, nth.kind) != 0)
		return false;
	if (atomic_fetch_add(nth.calls, 1) + 1 != nth.n)
		return false;
	errno = nth.error;
	return true;
}

/* The same for a read or write. */
static bool
fails_on(const char *kind, int fd)
{
	int before = errno;
	struct stat status;
	bool is_counted = atomic_load(&nth.ready) && strcmp(kind, nth.kind) == 0 &&
		fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode));

	errno = before;
	if (!is_counted || !fails(kind))
		return false;
	if (S_ISSOCK(status.st_mode) && (errno == EIO || errno == ENOSPC))
		errno = ECONNRESET;
	return true;
}

static _Thread_local bool is_in_glibc;

static bool
lacks_memory(const void *caller)
{
	return !is_in_glibc && !is_of_libseccomp(caller) && fails("malloc");
}

void *
malloc(size_t size)
{
	return lacks_memory(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return lacks_memory(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	return lacks_memory(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

/* Defines a function that fails or calls the real one. */
#define WRAP(type, name, parameters, arguments, failure, bad) \
	type name parameters \
	{ \
		type(*real) parameters; \
		*(void **)&real = dlsym(RTLD_NEXT, #name); \
		return (failure) ? (bad) : real arguments; \
	}

/* clang-format off */
WRAP(ssize_t, read, (int fd, void *to, size_t len), (fd, to, len), fails_on("read", fd), -1)
WRAP(ssize_t, __read_chk, (int fd, void *to, size_t len, size_t room), (fd, to, len, room),
	fails_on("read", fd), -1)
WRAP(ssize_t, pread64, (int fd, void *to, size_t len, off64_t at), (fd, to, len, at),
	fails_on("read", fd), -1)
WRAP(ssize_t, recv, (int fd, void *to, size_t len, int flags), (fd, to, len, flags),
	fails_on("read", fd), -1)
WRAP(ssize_t, write, (int fd, const void *from, size_t len), (fd, from, len),
	fails_on("write", fd), -1)
WRAP(ssize_t, writev, (int fd, const struct iovec *from, int count), (fd, from, count),
	fails_on("write", fd), -1)
WRAP(ssize_t, pwrite64, (int fd, const void *from, size_t len, off64_t at), (fd, from, len, at),
	fails_on("write", fd), -1)
WRAP(ssize_t, send, (int fd, const void *from, size_t len, int flags), (fd, from, len, flags),
	fails_on("write", fd), -1)
WRAP(int, fsync, (int fd), (fd), fails("fsync"), -1)
WRAP(int, fdatasync, (int fd), (fd), fails("fsync"), -1)
WRAP(int, __open64_2, (const char *path, int flags), (path, flags), fails("open"), -1)
WRAP(FILE *, fopen64, (const char *path, const char *mode), (path, mode), fails("open"), NULL)
WRAP(int, rename, (const char *from, const char *to), (from, to), fails("rename"), -1)
WRAP(int, renameat, (int dir, const char *from, int to_dir, const char *to),
	(dir, from, to_dir, to), fails("rename"), -1)
WRAP(int, renameat2, (int dir, const char *from, int to_dir, const char *to, unsigned flags),
	(dir, from, to_dir, to, flags), fails("rename"), -1)
WRAP(int, linkat, (int dir, const char *from, int to_dir, const char *to, int flags),
	(dir, from, to_dir, to, flags), fails("rename"), -1)
WRAP(int, accept, (int fd, struct sockaddr *from, socklen_t *len), (fd, from, len),
	fails("accept"), -1)
WRAP(int, accept4, (int fd, struct sockaddr *from, socklen_t *len, int flags),
	(fd, from, len, flags), fails("accept"), -1)
WRAP(int, epoll_wait, (int fd, struct epoll_event *to, int most, int ms), (fd, to, most, ms),
	fails("epoll_wait"), -1)
WRAP(int, epoll_pwait,
	(int fd, struct epoll_event *to, int most, int ms, const sigset_t *signals),
	(fd, to, most, ms, signals), fails("epoll_wait"), -1)
WRAP(int, poll, (struct pollfd *fds, nfds_t count, int ms), (fds, count, ms), fails("poll"), -1)
WRAP(ssize_t, getrandom, (void *to, size_t len, unsigned flags), (to, len, flags),
	fails("getrandom"), -1)
WRAP(int, pthread_create,
	(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *), void *arg),
	(thread, how, run, arg), fails("clone"), nth.error)
WRAP(int, posix_spawnp,
	(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const env[]),
	(pid, file, actions, attributes, argv, env), fails("clone"), nth.error)
/* clang-format on */

int
getpwuid_r(uid_t uid, struct passwd *to, char *bytes, size_t size, struct passwd **found)
{
	int (*real)(uid_t, struct passwd *, char *, size_t, struct passwd **), result;

	*(void **)&real = dlsym(RTLD_NEXT, "getpwuid_r");
	is_in_glibc = true;
	result = real(uid, to, bytes, size, found);
	is_in_glibc = false;
	return result;
}

static mode_t
mode_of(int flags, va_list list)
{
	return __OPEN_NEEDS_MODE(flags) ? va_arg(list, mode_t) : 0;
}

int
open64(const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = mode_of(flags, list);
	va_end(list);
	return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
openat64(int dir, const char *path, int flags, ...)
{
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = mode_of(flags, list);
	va_end(list);
	return fails("open") ? -1 : (int)syscall(SYS_openat, dir, path, flags, mode);
}
