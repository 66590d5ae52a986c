#ifndef SERVE_UTIL_ERROR_LOG_H
#define SERVE_UTIL_ERROR_LOG_H

#include <stdbool.h>

#include "serve/util/line_writer.h"

/*
 * The server's log for its administrator, on stderr. It never waits for the reader. Lines are
 * written at the end of the tick. A line that the buffer has no room for is discarded and counted;
 * the number is logged when all lines before it are written. Any thread may call the functions that
 * log, error_log_has_lines(), error_log_flush(), error_log_bytes() and error_log_dropped(); only
 * the loop's thread may call the others.
 */
struct error_log {
	uv_mutex_t mutex;
	struct line_writer writer;
	atomic_bool has_lines; /* in writer */
	bool immediate; /* each line is flushed at once, because no tick does it */
};

#define ERROR_LOG_MAX_BYTES ((size_t)256 << 10)

/* Opens the log on fd, which the caller owns. Each line is flushed at once. */
void error_log_open(struct error_log *error_log, uv_loop_t *loop, int fd);

/*
 * Logs "program: sentence". Control characters in the arguments are escaped. "%m" is the text of
 * errno.
 */
void error_log_printf(struct error_log *error_log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Logs a line without changes. It must not contain a newline. */
void error_log_append(struct error_log *error_log, struct chat_span line);

/* Returns the memory of the lines that wait, in bytes; and the number of lines ever discarded. */
size_t error_log_bytes(struct error_log *error_log);
uint64_t error_log_dropped(struct error_log *error_log);

/*
 * Logs the error of another writer and the number of lines it has discarded, if they are new. name
 * is the name of that writer, "stdout". what is the end of the sentence "there was no room: 3 …".
 */
void error_log_report(struct error_log *error_log, struct line_writer *writer, const char *name,
	const char *what);

/* true: each line is flushed at once. false: the caller calls error_log_flush() in each tick. */
void error_log_set_immediate(struct error_log *error_log, bool immediate);

/* Returns true if there are lines that were not written. Takes no lock. */
static inline bool
error_log_has_lines(const struct error_log *error_log)
{
	return atomic_load_explicit(&error_log->has_lines, memory_order_relaxed);
}

/* Writes as many lines as stderr accepts without waiting. */
void error_log_flush(struct error_log *error_log);

/* Closes the poll handle in the loop's next turn. From now on each line is flushed at once. */
void error_log_leave_loop(struct error_log *error_log);

/* Flushes the log, and frees its memory. error_log_leave_loop() must be called before. */
void error_log_close(struct error_log *error_log);

#endif
