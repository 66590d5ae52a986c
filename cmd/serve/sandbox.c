/* Landlock and seccomp around the server. The only file that uses libseccomp. */
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/io_uring.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "command/confine.h"
#include "text/err.h"

/*
 * Sanitizers read /proc, start a symbolizer and use ptrace(2) on the process: with them there is no
 * sandbox.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOXED 0
#else
#define SANDBOXED 1
#endif

int
sandbox_become(const char *user, struct chat_err *err)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry)
		return chat_fail(err, CHAT_USAGE, "--user %s: there is no such user", user);
	if (geteuid() != 0 && geteuid() == entry->pw_uid)
		return 0; /* the process is this user already */
	if (initgroups(user, entry->pw_gid) < 0 ||
		setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
		setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
		return chat_fail(err, CHAT_INTERNAL, "--user: %m");
	return 0;
}

/* ---- files ---- */

/* Keeps the files of the resolver and of TLS, which are read again for each connection. */
static void
leave_cluster(struct chat_confine *confine, const struct shared_log_options *cluster)
{
	const char *const reread[] = {cluster->creds, cluster->ca, cluster->cert, cluster->key};

	chat_confine_leave(confine, "/etc", CHAT_CONFINE_READ);
	chat_confine_leave(confine, "/usr", CHAT_CONFINE_READ);
	for (size_t i = 0; i < sizeof(reread) / sizeof(*reread); i++)
		if (reread[i])
			chat_confine_leave_beside(confine, reread[i], CHAT_CONFINE_READ);
}

static int
confine_files(const struct config *config, const struct listeners *listeners, struct chat_err *err)
{
	const char *const reread[] = {
		config->tls.cert, config->tls.key, config->tls.client_ca, config->access.tokens};
	struct chat_confine confine;

	chat_confine_begin(&confine,
		CHAT_CONFINE_READ | CHAT_CONFINE_WRITE | CHAT_CONFINE_EXECUTE |
			CHAT_CONFINE_OTHERS | (config->cluster.urls ? 0 : CHAT_CONFINE_TCP));
	chat_confine_leave(&confine, "/dev/null", CHAT_CONFINE_READ);
	if (config->journal.dir)
		chat_confine_leave(
			&confine, config->journal.dir, CHAT_CONFINE_READ | CHAT_CONFINE_WRITE);
	for (size_t i = 0; i < sizeof(reread) / sizeof(*reread); i++)
		if (reread[i])
			chat_confine_leave_beside(&confine, reread[i], CHAT_CONFINE_READ);
	if (config->cluster.urls)
		leave_cluster(&confine, &config->cluster);
	if (config->listening.url_file)
		chat_confine_leave_beside(
			&confine, config->listening.url_file, CHAT_CONFINE_RENAME);
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->at[i].unlink)
			chat_confine_leave_beside(
				&confine, listeners->at[i].unix_path, CHAT_CONFINE_REMOVE);
	return chat_confine_end(&confine, err);
}

/* ---- system calls ---- */

/*
 * System calls that are allowed with any arguments. None makes a process, an executable page, or a
 * socket, connects a socket, sends a signal, or changes the user of the process.
 */
static const int allowed[] = {
	/* connections; sendto is below */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt), SCMP_SYS(recvfrom), SCMP_SYS(sendfile), SCMP_SYS(sendfile64),
	SCMP_SYS(setsockopt), SCMP_SYS(shutdown),

	/* the journal, and the files that are read again; Landlock decides which files */
	SCMP_SYS(access), SCMP_SYS(close), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(fallocate), SCMP_SYS(fdatasync), SCMP_SYS(flock), SCMP_SYS(fstat),
	SCMP_SYS(fstatfs), SCMP_SYS(fsync), SCMP_SYS(ftruncate), SCMP_SYS(getdents64),
	SCMP_SYS(lseek), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(pread64), SCMP_SYS(preadv),
	SCMP_SYS(pwrite64), SCMP_SYS(pwritev), SCMP_SYS(read), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(readv), SCMP_SYS(rename), SCMP_SYS(renameat),
	SCMP_SYS(renameat2), SCMP_SYS(stat), SCMP_SYS(statfs), SCMP_SYS(statx), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(write), SCMP_SYS(writev),

	/* waiting, and time; io_uring can do only what net/send_batch.c allows it */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(epoll_wait),
	SCMP_SYS(eventfd2), SCMP_SYS(gettimeofday), SCMP_SYS(io_uring_enter), SCMP_SYS(nanosleep),
	SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(time),

	/* threads that wait for the disk, and the end of the process */
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex), SCMP_SYS(geteuid), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(restart_syscall), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield), SCMP_SYS(set_robust_list),
	SCMP_SYS(sigaltstack),

	/* memory; mmap and mprotect are below */
	SCMP_SYS(brk), SCMP_SYS(getrandom), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),
#if defined(__s390__)
	SCMP_SYS(mmap), /* takes a pointer to its arguments, which a filter cannot see */
#endif

	/* the same with offsets, times and user ids of more bits, on processors of 32 bits */
	SCMP_SYS(_llseek), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(fstat64), SCMP_SYS(fstatat64), SCMP_SYS(fstatfs64), SCMP_SYS(ftruncate64),
	SCMP_SYS(futex_time64), SCMP_SYS(geteuid32), SCMP_SYS(lstat64), SCMP_SYS(ppoll_time64),
	SCMP_SYS(sigreturn), SCMP_SYS(stat64), SCMP_SYS(statfs64),

	/* recvfrom and sendto without an address have calls of their own on some processors */
	SCMP_SYS(recv), SCMP_SYS(send)};

/*
 * System calls that are allowed with certain arguments only. Each line is one way to call; the
 * comment above it says what is not possible because of that.
 */
#define ARGUMENTS_MAX 2

struct way {
	int call;
	unsigned count; /* of the arguments that matter */
	struct scmp_arg_cmp arguments[ARGUMENTS_MAX];
};

/* clang-format off */
#define IS(number, value) {number, SCMP_CMP_EQ, value, 0}
#define HAS(number, mask, bits) {number, SCMP_CMP_MASKED_EQ, mask, bits}
#define LACKS(number, bits) HAS(number, bits, 0)
/* clang-format on */
#define WAY(name, ...) \
	{ \
		SCMP_SYS(name), \
			sizeof((struct scmp_arg_cmp[]){__VA_ARGS__}) / \
			sizeof(struct scmp_arg_cmp), \
		{ \
			__VA_ARGS__ \
		} \
	}

#define SET_ID 06000U /* the set-user-ID and set-group-ID bits of a file */
#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define NOT_A_THREAD \
	(CSIGNAL | CLONE_NEWCGROUP | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | \
		CLONE_NEWUSER | CLONE_NEWUTS | CLONE_PARENT | CLONE_PIDFD | CLONE_PTRACE | \
		CLONE_UNTRACED | CLONE_VFORK)
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static const struct way ways[] = {
	/* no keys typed into the terminal (TIOCSTI), no signals by way of a socket (FIOSETOWN) */
	WAY(ioctl, IS(1, FIOCLEX)),
	WAY(ioctl, IS(1, FIONBIO)),
	WAY(ioctl, IS(1, TCGETS)),
	/* no signals by way of a file (F_SETOWN, F_SETSIG), no leases on others' files */
	WAY(fcntl, IS(1, F_GETFD)),
	WAY(fcntl, IS(1, F_GETFL)),
	WAY(fcntl, IS(1, F_SETFD)),
	WAY(fcntl, IS(1, F_SETFL)),
	WAY(fcntl64, IS(1, F_GETFD)),
	WAY(fcntl64, IS(1, F_GETFL)),
	WAY(fcntl64, IS(1, F_SETFD)),
	WAY(fcntl64, IS(1, F_SETFL)),
	/* no datagrams to any other socket than the connected one; sendmsg(2), whose address a
	 * filter cannot see, is not allowed, nor are connect(2) and socket(2); nor can a filter see
	 * it in the socketcall(2) of i386 */
	WAY(sendto, IS(4, 0)),
	/* no files or directories with set-user-ID or set-group-ID bits */
	WAY(fchmod, LACKS(1, SET_ID)),
	WAY(mkdir, LACKS(1, SET_ID)),
	WAY(mkdirat, LACKS(2, SET_ID)),
	WAY(open, LACKS(2, SET_ID)),
	WAY(openat, LACKS(3, SET_ID)),
/* no new code: memory that was written cannot be executed */
#if !defined(__i386__) && !defined(__s390__) /* it takes a pointer to its arguments there */
	WAY(mmap, LACKS(2, PROT_EXEC)),
#endif
	WAY(mmap2, LACKS(2, PROT_EXEC)),
	WAY(mprotect, LACKS(2, PROT_EXEC)),
	/* no processes and no namespaces, only threads; clone3(2), whose flags a filter cannot
	 * see, is not allowed, and the C library then uses clone(2) */
	WAY(clone, HAS(CLONE_FLAGS, THREAD | NOT_A_THREAD, THREAD)),
	/* no limits are set, and only its own are read */
	WAY(prlimit64, IS(0, 0), IS(2, 0)),
};

/* System calls that only an attacker makes. */
static const int hostile[] = {SCMP_SYS(bpf), SCMP_SYS(execve), SCMP_SYS(execveat),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(ptrace),
	SCMP_SYS(userfaultfd)};

static int
filter_ways(scmp_filter_ctx filter)
{
	/* no signals but to itself, as abort(3) does */
	const struct way itself = WAY(tgkill, IS(0, (uint64_t)getpid()));
	int status = seccomp_rule_add_array(
		filter, SCMP_ACT_ALLOW, itself.call, itself.count, itself.arguments);

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways) && status == 0; i++)
		status = seccomp_rule_add_array(
			filter, SCMP_ACT_ALLOW, ways[i].call, ways[i].count, ways[i].arguments);
	return status;
}

/* Allows a server of a cluster to connect to the nats-servers, and to ask for their addresses. */
static int
filter_cluster(scmp_filter_ctx filter)
{
	static const int more[] = {SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(recvmsg),
		SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(sendmmsg), SCMP_SYS(sendmsg),
		SCMP_SYS(sendto), SCMP_SYS(uname)};
	static const struct way sockets[] = {
		WAY(socket, IS(0, AF_INET)), WAY(socket, IS(0, AF_INET6)),
		WAY(socket, IS(0, AF_UNIX)), /* of the resolver's daemon */
		WAY(socket, IS(0, AF_NETLINK)), /* which addresses this machine has */
	};
	int status = 0;

	for (size_t i = 0; i < sizeof(more) / sizeof(*more) && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, more[i], 0);
	for (size_t i = 0; i < sizeof(sockets) / sizeof(*sockets) && status == 0; i++)
		status = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, sockets[i].call,
			sockets[i].count, sockets[i].arguments);
	return status;
}

/* Allows each loop to enable its ring of io_uring, which was made and restricted before. */
static int
filter_loops(scmp_filter_ctx filter)
{
	const struct way enable = WAY(io_uring_register, IS(1, IORING_REGISTER_ENABLE_RINGS));

	return seccomp_rule_add_array(
		filter, SCMP_ACT_ALLOW, enable.call, enable.count, enable.arguments);
}

/*
 * A hostile call ends the process. Any other call that is not allowed fails as if the kernel did
 * not have it, so that a newer C library falls back to older calls.
 */
static int
filter_fill(scmp_filter_ctx filter, const struct config *config)
{
	int status = filter_ways(filter);

	if (config->cluster.urls && status == 0)
		status = filter_cluster(filter);
	if (config_loops(config) > 1 && status == 0)
		status = filter_loops(filter);

	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed) && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile) && status == 0; i++)
		status = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, hostile[i], 0);
	return status;
}

static int
confine_calls(const struct config *config, struct chat_err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int status = filter ? filter_fill(filter, config) : -ENOMEM;

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

	if (!SANDBOXED || config->access.no_sandbox)
		return 0;
	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return chat_fail(err, CHAT_INTERNAL, "no core: %m");
	if (confine_files(config, listeners, err) < 0)
		return -1;
	return confine_calls(config, err);
}
