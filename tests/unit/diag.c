/* Commands write each message as one line with one write(2), made safe for a terminal; every code
 * has its exit status. */
#include "command/diag.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

static const struct {
	enum chat_code code;
	int status;
} statuses[] = {
	{CHAT_OK, 0},
	{CHAT_BAD_UTF8, 65},
	{CHAT_BAD_JSON, 65},
	{CHAT_DUPLICATE_KEY, 65},
	{CHAT_BAD_MESSAGE, 65},
	{CHAT_UNKNOWN_TYPE, 65},
	{CHAT_NOT_INITIALIZED, 76},
	{CHAT_ALREADY_INITIALIZED, 76},
	{CHAT_BAD_USERNAME, 77},
	{CHAT_USERNAME_TAKEN, 77},
	{CHAT_ID_TAKEN, 77},
	{CHAT_UNAUTHORIZED, 77},
	{CHAT_BAD_BASE64, 65},
	{CHAT_TEXT_TOO_LONG, 65},
	{CHAT_TEXT_EMPTY, 65},
	{CHAT_TOO_LARGE, 65},
	{CHAT_NONCE_REUSED, 1},
	{CHAT_RATE_LIMITED, 75},
	{CHAT_CHANNEL_FULL, 75},
	{CHAT_SERVER_FULL, 75},
	{CHAT_SLOW_CONSUMER, 69},
	{CHAT_STORAGE_FAILED, 75},
	{CHAT_UNAVAILABLE, 75},
	{CHAT_SHUTTING_DOWN, 75},
	{CHAT_INTERNAL, 70},
	{CHAT_BYTE_ORDER_MARK, 65},
	{CHAT_LONE_SURROGATE, 65},
	{CHAT_NUL_CHARACTER, 65},
	{CHAT_TRAILING_DATA, 65},
	{CHAT_TOO_DEEP, 65},
	{CHAT_USAGE, 64},
	{CHAT_UNKNOWN_HOST, 68},
	{CHAT_CANNOT_CONNECT, 69},
	{CHAT_CONNECTION_LOST, 69},
	{CHAT_CONNECTION_CLOSED, 69},
	{CHAT_TRY_LATER, 75},
	{CHAT_PROTOCOL_ERROR, 76},
	{CHAT_REFUSED, 77},
	{CHAT_TIMED_OUT, 124},
	{CHAT_INTERRUPTED, 130},
	{CHAT_IO_ERROR, 74},
	{CHAT_CANNOT_OPEN, 66},
	{CHAT_CANNOT_CREATE, 73},
	{CHAT_NO_MEMORY, 70},
};

static void
test_statuses(void)
{
	int count = sizeof(statuses) / sizeof(statuses[0]);

	is_int(count, CHAT_CODES, "every code is in the list");
	for (int i = 0; i < count; i++)
		is_int(chat_exit_status(statuses[i].code), statuses[i].status, "%s ends with %d",
			chat_code_word(statuses[i].code), statuses[i].status);
}

static void
warn_all(void *unused)
{
	char long_text[10000];

	(void)unused;
	program_invocation_short_name = (char *)"chat-x";
	errno = ENOENT;
	chat_warn("%s: %m", "file");
	chat_warn("%s", "two\nlines \x1B[31m");
	memset(long_text, 'y', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	chat_warn("%s", long_text);
	if (errno != ENOENT)
		exit(1);
}

static void
test_warn(void)
{
	static const char want[] = "chat-x: file: No such file or directory\n"
				   "chat-x: two\\nlines \\x1b[31m\n"
				   "chat-x: yyyyyyyy";
	struct child child;
	size_t len;

	child_run(&child, warn_all, NULL);
	is_int(child.status, 0, "errno is kept");
	is_str(child.out, "", "stdout is data");
	ok(strncmp(child.err, want, strlen(want)) == 0, "one line each, nothing to obey");
	len = strlen(child.err);
	ok(len < 4300 && child.err[len - 1] == '\n', "a long one is cut, and still a line");
}

/* A packet socket keeps the writes apart. */
static void
test_one_write(void)
{
	int ends[2], saved = dup(STDERR_FILENO);
	char packet[256];
	ssize_t len;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		abort();
	program_invocation_short_name = (char *)"chat-x";
	chat_warn("%s and %s", "this", "that");
	dup2(saved, STDERR_FILENO);
	len = recv(ends[0], packet, sizeof(packet) - 1, MSG_DONTWAIT);
	packet[len > 0 ? len : 0] = '\0';
	is_str(packet, "chat-x: this and that\n", "a warning is one write");
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

static void
die_plainly(void *unused)
{
	(void)unused;
	program_invocation_short_name = (char *)"chat-x";
	printf("said before");
	chat_die(CHAT_EXIT_TRY_LATER, "server %s", "full");
}

static void
die_of_usage(void *unused)
{
	(void)unused;
	program_invocation_short_name = (char *)"chat-x";
	chat_die_usage("bad '%s'", "a\nb");
}

static void
die_by(void *arg)
{
	int number = *(int *)arg;

	signal(number, SIG_IGN);
	printf("said before");
	chat_die_by_signal(number);
}

static void
die_by_blocked(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	chat_die_by_signal(*(int *)arg);
}

static void
test_die(void)
{
	static int numbers[] = {SIGINT, SIGTERM, SIGPIPE};
	struct child child;

	child_run(&child, die_plainly, NULL);
	is_int(child.status, 75, "chat_die ends with the status");
	is_str(child.err, "chat-x: server full\n", "and says why");
	is_str(child.out, "said before", "after what stdio held");
	child_run(&child, die_of_usage, NULL);
	is_int(child.status, 64, "a usage error ends with 64");
	is_str(child.err, "chat-x: bad 'a\\nb'\nTry 'chat-x --help' for more information.\n",
		"in two lines");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		child_run(&child, die_by, &numbers[i]);
		is_int(child.status, -numbers[i], "died by signal %d", numbers[i]);
		is_str(child.out, "said before", "after what stdio held");
		child_run(&child, die_by_blocked, &numbers[i]);
		is_int(child.status, -numbers[i], "also where signal %d was blocked", numbers[i]);
	}
}

/* Exits with a bit for everything that is not as it should be. */
static void
start_with_closed(void *unused)
{
	char byte;
	int wrong = 0, next, pipes[2];

	(void)unused;
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	chat_start();
	wrong |= (read(0, &byte, 1) < 0 && errno == EBADF) ? 0 : 1;
	wrong |= (write(1, "x", 1) < 0 && errno == EBADF) ? 0 : 2;
	wrong |= (write(2, "x", 1) < 0 && errno == EBADF) ? 0 : 4;
	next = dup(0);
	wrong |= next > 2 ? 0 : 8;
	if (pipe(pipes) < 0)
		exit(99);
	close(pipes[0]);
	wrong |= (write(pipes[1], "x", 1) < 0 && errno == EPIPE) ? 0 : 16;
	_exit(wrong);
}

static void
start_with_open(void *unused)
{
	(void)unused;
	chat_start();
	printf("out");
	fprintf(stderr, "err");
}

static void
test_start(void)
{
	struct child child;

	child_run(&child, start_with_closed, NULL);
	is_int(child.status, 0, "closed descriptors are held and stay errors, SIGPIPE is one too");
	child_run(&child, start_with_open, NULL);
	is_str(child.out, "out", "an open stdout stays as it is");
	is_str(child.err, "err", "and stderr");
}

int
main(void)
{
	test_statuses();
	test_warn();
	test_one_write();
	test_die();
	test_start();
	return done();
}
