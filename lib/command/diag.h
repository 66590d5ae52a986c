#ifndef CHAT_COMMAND_DIAG_H
#define CHAT_COMMAND_DIAG_H

#include <stdarg.h>
#include <stdint.h>
#include <sysexits.h>

#include "chat/buf.h"
#include "chat/err.h"

/*
 * What a main says on stderr and how it ends. For the mains alone: the library never prints or
 * exits. The exit statuses are one table in all manual pages; those that sysexits.h lacks are here.
 */
enum chat_exit {
	CHAT_EXIT_OK = 0,
	CHAT_EXIT_NO = 1, /* it ran, and the answer is no */
	CHAT_EXIT_UNKNOWN = 2, /* some messages may or may not have been accepted */
	CHAT_EXIT_USAGE = EX_USAGE, /* 64 */
	CHAT_EXIT_BAD_LINE = EX_DATAERR, /* 65 an input line is not a message */
	CHAT_EXIT_NO_INPUT = EX_NOINPUT, /* 66 cannot read an input file */
	CHAT_EXIT_NO_HOST = EX_NOHOST, /* 68 unknown host */
	CHAT_EXIT_UNAVAILABLE = EX_UNAVAILABLE, /* 69 cannot connect, or lost and not recovered */
	CHAT_EXIT_INTERNAL = EX_SOFTWARE, /* 70 */
	CHAT_EXIT_CANNOT_CREATE = EX_CANTCREAT, /* 73 */
	CHAT_EXIT_IO = EX_IOERR, /* 74 disk or stdout full */
	CHAT_EXIT_TRY_LATER = EX_TEMPFAIL, /* 75 the server says try later */
	CHAT_EXIT_PROTOCOL = EX_PROTOCOL, /* 76 the peer broke the protocol */
	CHAT_EXIT_REFUSED = EX_NOPERM, /* 77 token, name, TLS verification */
	CHAT_EXIT_TIMEOUT = 124
};

/* The exit status that an error ends a program with. */
int chat_exit_status(enum chat_code code);

/*
 * "program: sentence" and a newline on stderr, in one write; "%m" is errno's sentence. What the
 * arguments hold is shown, never obeyed (chat_show). errno is kept.
 */
void chat_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What chat_warn would say, without the newline, into an empty buffer. */
void chat_warning(struct chat_buf *line, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));

/* Warns, then exits with status. */
_Noreturn void chat_die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Two lines: what is wrong, and where help is; exits with 64. */
_Noreturn void chat_die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends by the default action of a signal, so that the parent sees which; does not return. */
_Noreturn void chat_die_by_signal(int signal_number);

/*
 * At start: holds descriptors 0 to 2 where they are closed (one would be handed out to a socket;
 * using it stays an error) and makes SIGPIPE and SIGXFSZ errors of write(2) instead of a death. A
 * child that is to be executed wants their default action back.
 */
void chat_start(void);

#endif
