#ifndef SERVE_UTIL_ERROR_LOG_H
#define SERVE_UTIL_ERROR_LOG_H

#include <stdbool.h>

#include "serve/util/line_writer.h"

/*
 * The server's messages to the person who runs it, on stderr. It never waits for the reader: lines
 * are written at the end of the tick, and those that find no room are dropped and counted; their
 * number is logged when there is room again. Any thread may call error_log_printf() and
 * error_log_append(), the loop's thread the other functions.
 */
struct error_log {
	uv_mutex_t mutex;
	struct line_writer writer;
	bool immediate; /* each line is flushed by itself, because no tick does it */
};

#define ERROR_LOG_MAX_BYTES ((size_t)256 << 10)

/* Opens the log on fd, which stays the caller's. Lines are flushed at once. */
void error_log_open(struct error_log *error_log, uv_loop_t *loop, int fd);

/*
 * Logs "program: sentence". Control characters in the arguments are shown, not obeyed. "%m" is the
 * sentence of errno.
 */
void error_log_printf(struct error_log *error_log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Logs a line as it is. It has no newline. */
void error_log_append(struct error_log *error_log, struct chat_span line);

/*
 * Logs the errors of another writer, and what it has dropped, since the last call. name is the
 * writer's, "stdout"; what ends the sentence "there was no room: 3 …".
 */
void error_log_report(struct error_log *error_log, struct line_writer *writer, const char *name,
	const char *what);

/* Flushes each line at once (true), or leaves it to error_log_flush() at the end of a tick. */
void error_log_set_immediate(struct error_log *error_log, bool immediate);

/* Writes what stderr takes without waiting. */
void error_log_flush(struct error_log *error_log);

/* Closes the poll handle, with the loop's next turn. From then on lines are flushed at once. */
void error_log_leave_loop(struct error_log *error_log);
void error_log_close(struct error_log *error_log);

#endif
