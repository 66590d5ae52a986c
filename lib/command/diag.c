/*
 * Warnings and exit statuses of the commands. Only commands use this; the library returns errors to
 * its caller.
 */
#include "command/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/line.h"
#include "text/show.h"

#define WARNING_MAX 4096 /* bytes of a warning; a longer one is cut */

static const unsigned char statuses[CHAT_CODES] = {
	[CHAT_OK] = CHAT_EXIT_OK,

	[CHAT_BAD_UTF8] = CHAT_EXIT_BAD_LINE,
	[CHAT_BAD_JSON] = CHAT_EXIT_BAD_LINE,
	[CHAT_DUPLICATE_KEY] = CHAT_EXIT_BAD_LINE,
	[CHAT_BAD_MESSAGE] = CHAT_EXIT_BAD_LINE,
	[CHAT_UNKNOWN_TYPE] = CHAT_EXIT_BAD_LINE,
	[CHAT_NOT_INITIALIZED] = CHAT_EXIT_PROTOCOL,
	[CHAT_ALREADY_INITIALIZED] = CHAT_EXIT_PROTOCOL,
	[CHAT_BAD_USERNAME] = CHAT_EXIT_REFUSED,
	[CHAT_USERNAME_TAKEN] = CHAT_EXIT_REFUSED,
	[CHAT_ID_TAKEN] = CHAT_EXIT_REFUSED,
	[CHAT_UNAUTHORIZED] = CHAT_EXIT_REFUSED,
	[CHAT_BAD_BASE64] = CHAT_EXIT_BAD_LINE,
	[CHAT_TEXT_TOO_LONG] = CHAT_EXIT_BAD_LINE,
	[CHAT_TEXT_EMPTY] = CHAT_EXIT_BAD_LINE,
	[CHAT_TOO_LARGE] = CHAT_EXIT_BAD_LINE,
	[CHAT_NONCE_REUSED] = CHAT_EXIT_NO,
	[CHAT_RATE_LIMITED] = CHAT_EXIT_TRY_LATER,
	[CHAT_CHANNEL_FULL] = CHAT_EXIT_TRY_LATER,
	[CHAT_SERVER_FULL] = CHAT_EXIT_TRY_LATER,
	[CHAT_SLOW_CONSUMER] = CHAT_EXIT_UNAVAILABLE,
	[CHAT_STORAGE_FAILED] = CHAT_EXIT_TRY_LATER,
	[CHAT_UNAVAILABLE] = CHAT_EXIT_TRY_LATER,
	[CHAT_SHUTTING_DOWN] = CHAT_EXIT_TRY_LATER,
	[CHAT_INTERNAL] = CHAT_EXIT_INTERNAL,

	[CHAT_BYTE_ORDER_MARK] = CHAT_EXIT_BAD_LINE,
	[CHAT_LONE_SURROGATE] = CHAT_EXIT_BAD_LINE,
	[CHAT_NUL_CHARACTER] = CHAT_EXIT_BAD_LINE,
	[CHAT_TRAILING_DATA] = CHAT_EXIT_BAD_LINE,
	[CHAT_TOO_DEEP] = CHAT_EXIT_BAD_LINE,

	[CHAT_USAGE] = CHAT_EXIT_USAGE,
	[CHAT_UNKNOWN_HOST] = CHAT_EXIT_NO_HOST,
	[CHAT_CANNOT_CONNECT] = CHAT_EXIT_UNAVAILABLE,
	[CHAT_CONNECTION_LOST] = CHAT_EXIT_UNAVAILABLE,
	[CHAT_CONNECTION_CLOSED] = CHAT_EXIT_UNAVAILABLE,
	[CHAT_TRY_LATER] = CHAT_EXIT_TRY_LATER,
	[CHAT_PROTOCOL_ERROR] = CHAT_EXIT_PROTOCOL,
	[CHAT_REFUSED] = CHAT_EXIT_REFUSED,
	[CHAT_TIMED_OUT] = CHAT_EXIT_TIMEOUT,
	[CHAT_INTERRUPTED] = 128 + SIGINT, /* if the process cannot end by the signal itself */
	[CHAT_IO_ERROR] = CHAT_EXIT_IO,
	[CHAT_CANNOT_OPEN] = CHAT_EXIT_NO_INPUT,
	[CHAT_CANNOT_CREATE] = CHAT_EXIT_CANNOT_CREATE,
	[CHAT_NO_MEMORY] = CHAT_EXIT_INTERNAL,
};

int
chat_exit_status(enum chat_code code)
{
	return statuses[code];
}

void
chat_warning(struct chat_buf *line, const char *format, va_list list)
{
	char text[WARNING_MAX / 2];
	int len = vsnprintf(text, sizeof(text), format, list);

	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof(text))
		len = sizeof(text) - 1;
	line->limit = WARNING_MAX;
	chat_show(line, chat_span_of(program_invocation_short_name));
	chat_buf_append_string(line, ": ");
	chat_show(line, (struct chat_span){text, (size_t)len});
	line->limit = 0;
}

/*
 * Writes "program: sentence", a newline and the hint, if it is not NULL. Ignores a failed write,
 * because it cannot be reported anywhere else. errno is unchanged.
 */
static void
write_warning(const char *hint, const char *format, va_list list)
{
	struct chat_buf out = {0};
	int saved_errno = errno;

	chat_warning(&out, format, list);
	chat_buf_append_string(&out, "\n");
	if (hint)
		chat_buf_printf(&out, hint, program_invocation_short_name);
	chat_write_all(STDERR_FILENO, out.at, out.len, NULL);
	chat_buf_free(&out);
	errno = saved_errno;
}

void
chat_warn(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	write_warning(NULL, format, list);
	va_end(list);
}

void
chat_die(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	write_warning(NULL, format, list);
	va_end(list);
	exit(status);
}

void
chat_die_usage(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	write_warning("Try '%s --help' for more information.\n", format, list);
	va_end(list);
	exit(CHAT_EXIT_USAGE);
}

void
chat_die_by_signal(int signal_number)
{
	sigset_t set;

	fflush(NULL);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL); /* a blocked signal is delivered here */
	_exit(128 + signal_number);
}

/*
 * If the descriptor 0, 1 or 2 is closed, opens /dev/null in its place for the wrong direction:
 * standard input for writing, the others for reading. So its usual use is still an error.
 */
static void
hold_descriptor(int fd)
{
	if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
		return;
	if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
		chat_die(CHAT_EXIT_INTERNAL, "descriptor %d is closed and /dev/null: %m", fd);
}

void
chat_start(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		hold_descriptor(fd);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}
