/*
 * An attacker who controls the program. When the first connection comes, with the sandbox in
 * force, it tries each of these actions once and writes the outcome to stderr. CHAT_TEST_ESCAPE
 * names one that does not return.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

static void
tell(const char *what, long result)
{
	char line[100];
	int len = snprintf(line, sizeof(line), "escape: %s: %s\n", what,
		result < 0 ? strerrorname_np(errno) : "done");

	if (write(STDERR_FILENO, line, (size_t)len) != len)
		abort();
}

/* ---- what only a server is asked for; where it is let, it does no harm ---- */

/* A datagram socket that the process has, -1: none. */
static int
find_datagrams(void)
{
	for (int fd = 3; fd < 100; fd++) {
		socklen_t len = sizeof(int);
		int type;

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_DGRAM)
			return fd;
	}
	return -1;
}

/* To a socket called "loot" in the working directory. */
static void
try_sockets(void)
{
	struct sockaddr_un loot = {.sun_family = AF_UNIX, .sun_path = "loot.socket"};
	struct iovec piece = {.iov_base = (char *)"gold", .iov_len = 4};
	struct msghdr message = {
		.msg_name = &loot, .msg_namelen = sizeof(loot), .msg_iov = &piece, .msg_iovlen = 1};
	int fd = find_datagrams(), pair[2];

	tell("find a datagram socket", fd);
	tell("send to a socket", sendto(fd, "gold", 4, 0, (struct sockaddr *)&loot, sizeof(loot)));
	tell("send a message to a socket", sendmsg(fd, &message, 0));
	tell("connect to a socket", connect(fd, (struct sockaddr *)&loot, sizeof(loot)));
	tell("open a unix socket", socket(AF_UNIX, SOCK_DGRAM, 0));
	tell("make a pair of sockets", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	tell("make a ring", syscall(SYS_io_uring_setup, 8, (char[200]){0}));
	tell("change a ring", syscall(SYS_io_uring_register, 0, 0, NULL, 0));
}

static void
try_signals(void)
{
	static siginfo_t nothing;

	tell("signal another's thread", syscall(SYS_tgkill, getppid(), getppid(), 0));
	tell("signal a thread", syscall(SYS_tkill, gettid(), 0));
	tell("queue a signal", syscall(SYS_rt_sigqueueinfo, getpid(), 0, &nothing));
	tell("hold another process", syscall(SYS_pidfd_open, getppid(), 0));
	tell("own a file's signals", fcntl(STDERR_FILENO, F_SETOWN, getppid()));
	tell("choose a file's signal", fcntl(STDERR_FILENO, F_SETSIG, SIGKILL));
	tell("type into the terminal", ioctl(STDIN_FILENO, TIOCSTI, "x"));
	tell("signal itself", syscall(SYS_tgkill, getpid(), gettid(), 0));
}

static void
try_fork(const char *what, long pid)
{
	if (pid == 0)
		_exit(0);
	tell(what, pid);
}

static void
try_processes(void)
{
	uint64_t plain[8] = {[4] = SIGCHLD}; /* of struct clone_args */
	struct rlimit limit;

	try_fork("fork", syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
	try_fork("fork into a namespace",
		syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL));
	try_fork("fork by clone3", syscall(SYS_clone3, plain, sizeof(plain)));
	tell("leave a namespace", unshare(0));
	tell("read another's limit", prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit));
	tell("read its limit", prlimit(0, RLIMIT_NOFILE, NULL, &limit));
	tell("set its limit", prlimit(0, RLIMIT_NOFILE, &limit, NULL));
	tell("be dumped", prctl(PR_SET_DUMPABLE, 0));
	tell("see its personality", syscall(SYS_personality, 0xffffffff));
}

static void
try_memory(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	tell("have memory", page == MAP_FAILED ? -1 : 0);
	tell("run what was written", mprotect(page, 4096, PROT_READ | PROT_EXEC));
	tell("write what can be run",
		mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0) == MAP_FAILED
			? -1
			: 0);
	tell("have more code",
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
				MAP_FAILED
			? -1
			: 0);
	tell("have a file in memory", memfd_create("escaped", 0));
}

static void
try_modes(void)
{
	tell("make a set-user-ID file", open("escaped.s", O_WRONLY | O_CREAT, 04755));
	tell("make a set-group-ID file", openat(AT_FDCWD, "escaped.s", O_WRONLY | O_CREAT, 02755));
	tell("make a set-group-ID directory", mkdir("escaped.d", 02755));
	tell("set a set-user-ID bit", fchmod(STDERR_FILENO, 04755));
}

static void
try_all(void)
{
	static const char *const nothing[] = {"/bin/true", NULL};
	const char *last = getenv("CHAT_TEST_ESCAPE");

	if (last && strcmp(last, "execve") == 0)
		execve(nothing[0], (char *const *)nothing, NULL);
	if (last && strcmp(last, "ptrace") == 0)
		ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	if (last && strcmp(last, "process_vm_readv") == 0)
		process_vm_readv(getppid(), NULL, 0, NULL, 0, 0);
	tell("read a file", open("/etc/passwd", O_RDONLY));
	tell("read a directory", open("/", O_RDONLY | O_DIRECTORY));
	tell("make a file", open("escaped", O_WRONLY | O_CREAT, 0666));
	tell("make a directory", mkdir("escaped.d", 0777));
	tell("remove a file", unlink("treasure"));
	tell("move a file", rename("treasure", "loot"));
	tell("open a socket", socket(AF_INET, SOCK_STREAM, 0));
	if (strcmp(getenv("CHAT_TEST_ESCAPE_AT"), "accept4") == 0) {
		try_sockets();
		try_signals();
		try_processes();
		try_memory();
		try_modes();
		tell("become another", setuid(65534)); /* the others could, and would be */
	}
	tell("change a mode", chmod("treasure", 0777));
	tell("kill another", kill(getppid(), 0));
	tell("make a pipe", pipe2((int[2]){0}, O_CLOEXEC));
}

/* At the first call of this function, if that is the one that CHAT_TEST_ESCAPE_AT names. */
static void
try_at(const char *function)
{
	static int tried;
	const char *at = getenv("CHAT_TEST_ESCAPE_AT");

	if (!at || strcmp(at, function) != 0 || tried++)
		return;
	try_all();
}

int
accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	int (*real)(int, struct sockaddr *, socklen_t *, int) =
		(int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4");

	try_at("accept4");
	return real(fd, address, len, flags);
}

int
poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	int (*real)(struct pollfd *, nfds_t, int) =
		(int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");

	try_at("poll");
	return real(fds, count, timeout_ms);
}

ssize_t
read(int fd, void *bytes, size_t size)
{
	ssize_t (*real)(int, void *, size_t) =
		(ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");

	if (fd == STDIN_FILENO)
		try_at("read");
	return real(fd, bytes, size);
}
