#ifndef CHAT_COMMAND_DIAG_H
#define CHAT_COMMAND_DIAG_H

#include <stdarg.h>
#include <stdint.h>
#include <sysexits.h>

#include "chat/err.h"
#include "text/buf.h"

/*
 * Warnings and exit statuses of the commands. Only commands use this: the library never exits, and
 * prints only before it aborts. The exit statuses are the same in all manual pages; most are those
 * of sysexits.h.
 */
enum chat_exit {
	CHAT_EXIT_OK = 0,
	CHAT_EXIT_NO = 1, /* the command did its work, and the result is negative */
	CHAT_EXIT_UNKNOWN = 2, /* some messages may or may not have been accepted */
	CHAT_EXIT_USAGE = EX_USAGE, /* 64 */
	CHAT_EXIT_BAD_LINE = EX_DATAERR, /* 65 an input line is not a message */
	CHAT_EXIT_NO_INPUT = EX_NOINPUT, /* 66 cannot open an input file or the journal directory */
	CHAT_EXIT_NO_HOST = EX_NOHOST, /* 68 unknown host */
	CHAT_EXIT_UNAVAILABLE = EX_UNAVAILABLE, /* 69 no connection, or it was lost */
	CHAT_EXIT_INTERNAL = EX_SOFTWARE, /* 70 */
	CHAT_EXIT_CANNOT_CREATE = EX_CANTCREAT, /* 73 */
	CHAT_EXIT_IO = EX_IOERR, /* 74 disk or stdout full */
	CHAT_EXIT_TRY_LATER = EX_TEMPFAIL, /* 75 the server asks to try later */
	CHAT_EXIT_PROTOCOL = EX_PROTOCOL, /* 76 the peer broke the protocol */
	CHAT_EXIT_REFUSED = EX_NOPERM, /* 77 refused because of token, name or TLS verification */
	CHAT_EXIT_TIMEOUT = 124 /* the time limit of the command line has passed */
};

/* Returns the exit status for a command that ends because of an error with this code. */
int chat_exit_status(enum chat_code code);

/*
 * Writes "program: sentence" and a newline to stderr, in one write(2) if possible. "%m" stands for
 * the sentence of errno. errno is unchanged. Control characters are escaped as by chat_show.
 */
void chat_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Appends the line of chat_warn, without its newline, to `line`, which must be empty. */
void chat_warning(struct chat_buf *line, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));

/* Calls chat_warn and exits with status. */
_Noreturn void chat_die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Calls chat_warn, writes a second line that names --help, and exits with 64. */
_Noreturn void chat_die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the process by the default action of the signal, so that its parent sees this signal. */
_Noreturn void chat_die_by_signal(int signal_number);

/*
 * Prepares the process; a main must call it first. Opens /dev/null in place of each descriptor from
 * 0 to 2 that is closed, so that no socket gets its number; using the descriptor is still an error.
 * Ignores SIGPIPE and SIGXFSZ, so that write(2) fails with an error instead. The caller must
 * restore their default actions before it executes another program.
 */
void chat_start(void);

#endif
