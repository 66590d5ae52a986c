#ifndef SERVE_UTIL_ERROR_LOG_H
#define SERVE_UTIL_ERROR_LOG_H

#include <stdbool.h>

#include "serve/util/line_writer.h"

/*
 * What the server says on stderr while it serves: as chat_warn does, but without ever waiting for
 * whoever reads that. Lines leave at the end of the tick; what finds no room is dropped, whole, and
 * its number is said when there is some. Any thread may say something; the rest is the loop's.
 */
struct error_log {
	uv_mutex_t mutex;
	struct line_writer line_writer;
	bool at_once; /* no tick comes: each line leaves by itself */
};

#define ERROR_LOG_MAX_BYTES ((size_t)256 << 10)

void error_log_open(struct error_log *error_log, uv_loop_t *loop, int fd);

/* "program: sentence", what the arguments hold shown, never obeyed; "%m" is errno's sentence. */
void error_log_say(struct error_log *error_log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line as it is, without newline. */
void error_log_line(struct error_log *error_log, struct chat_span line);

/* Says what has become of what a printer had to write, where that is worth saying: "stdout". */
void error_log_about(struct error_log *error_log, struct line_writer *line_writer, const char *name,
	const char *what);

/* Whether each line is to leave by itself, because no ticks come. */
void error_log_speak(struct error_log *error_log, bool at_once);

/* Writes what goes without waiting. */
void error_log_flush(struct error_log *error_log);

/* Its handle closes with the loop's next turn; from then on each line leaves by itself. */
void error_log_leave_loop(struct error_log *error_log);
void error_log_close(struct error_log *error_log);

#endif
