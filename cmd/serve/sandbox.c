/* The walls around the server. The only file that knows libseccomp. */
#include "serve/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine.h"

/*
 * Sanitizers read /proc, start a symbolizer and look into the process with ptrace(2): under them
 * there are no walls.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WALLS 0
#else
#define WALLS 1
#endif

int
sandbox_become(const char *user, struct chat_err *err)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		return chat_fail(err, CHAT_USAGE, "--user: there is no such user");
	if (geteuid() != 0 && geteuid() == entry->pw_uid)
		return 0; /* it is that one already */
	if (initgroups(user, entry->pw_gid) < 0 ||
		setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
		setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
		return chat_fail(err, CHAT_INTERNAL, "--user: %m");
	return 0;
}

/* ---- files ---- */

static int
confine_files(const struct config *config, const struct listeners *listeners, struct chat_err *err)
{
	const char *const again[] = {
		config->tls.cert, config->tls.key, config->tls.client_ca, config->tokens};
	struct chat_confine confine;

	chat_confine_begin(&confine,
		CHAT_CONFINE_READ | CHAT_CONFINE_WRITE | CHAT_CONFINE_EXECUTE | CHAT_CONFINE_TCP);
	chat_confine_leave(&confine, "/dev/null", CHAT_CONFINE_READ);
	if (config->journal)
		chat_confine_leave(
			&confine, config->journal, CHAT_CONFINE_READ | CHAT_CONFINE_WRITE);
	for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++)
		if (again[i])
			chat_confine_leave_beside(&confine, again[i], CHAT_CONFINE_READ);
	if (config->url_file)
		chat_confine_leave_beside(&confine, config->url_file, CHAT_CONFINE_REMOVE);
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->at[i].unlink)
			chat_confine_leave_beside(
				&confine, listeners->at[i].unix_path, CHAT_CONFINE_REMOVE);
	return chat_confine_end(&confine, err);
}

/* ---- system calls ---- */

/* Serving a chat: bytes, files of the journal, waiting, threads of the disk, memory, an end. */
static const int needed[] = {SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername),
	SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),

	SCMP_SYS(access), SCMP_SYS(close), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(fallocate), SCMP_SYS(fchmod), SCMP_SYS(fcntl), SCMP_SYS(fdatasync),
	SCMP_SYS(flock), SCMP_SYS(fstat), SCMP_SYS(fstatfs), SCMP_SYS(fsync), SCMP_SYS(ftruncate),
	SCMP_SYS(getdents64), SCMP_SYS(ioctl), SCMP_SYS(lseek), SCMP_SYS(lstat), SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat), SCMP_SYS(newfstatat), SCMP_SYS(open), SCMP_SYS(openat),
	SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(read),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(readv), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(stat), SCMP_SYS(statfs), SCMP_SYS(statx),
	SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(write), SCMP_SYS(writev),

	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2), SCMP_SYS(gettimeofday), SCMP_SYS(io_uring_enter), SCMP_SYS(nanosleep),
	SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(time),

	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
	SCMP_SYS(geteuid), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(prlimit64),
	SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield),
	SCMP_SYS(set_robust_list), SCMP_SYS(sigaltstack), SCMP_SYS(tgkill),

	SCMP_SYS(brk), SCMP_SYS(getrandom), SCMP_SYS(madvise), SCMP_SYS(mmap), SCMP_SYS(mprotect),
	SCMP_SYS(mremap), SCMP_SYS(munmap)};

/* What nothing here ever does by mistake. */
static const int hostile[] = {SCMP_SYS(bpf), SCMP_SYS(execve), SCMP_SYS(execveat),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(ptrace),
	SCMP_SYS(userfaultfd)};

/*
 * Whatever is not needed is as if the kernel did not have it, which a C library newer than this
 * list can live with; what is hostile ends the process.
 */
static int
filter_fill(scmp_filter_ctx filter)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed) && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, needed[i], 0);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile) && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, hostile[i], 0);
	if (status == 0) /* the service manager is told over one; no other kind */
		status = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	return status;
}

static int
confine_calls(struct chat_err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int status = filter ? filter_fill(filter) : -ENOMEM;

	if (status == 0)
		status = seccomp_load(filter);
	seccomp_release(filter);
	errno = -status;
	return status == 0 ? 0 : chat_fail(err, CHAT_INTERNAL, "seccomp: %m");
}

int
sandbox_enter(const struct config *config, const struct listeners *listeners, struct chat_err *err)
{
	const struct rlimit no_core = {0, 0};

	if (!WALLS || config->no_sandbox)
		return 0;
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return chat_fail(err, CHAT_INTERNAL, "no core: %m");
	if (confine_files(config, listeners, err) < 0)
		return -1;
	return confine_calls(err);
}
