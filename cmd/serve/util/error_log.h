#ifndef SERVE_UTIL_ERROR_LOG_H
#define SERVE_UTIL_ERROR_LOG_H

#include <stdbool.h>

#include "serve/util/line_writer.h"

/*
 * What the server says on stderr while it serves: as chat_warn does, but without ever waiting for
 * whoever reads that. Lines leave at the end of the tick; what finds no room is dropped, whole, and
 * its number is said when there is some. Any thread may say something; the rest is the loop's.
 */
struct notices {
	uv_mutex_t mutex;
	struct printer printer;
	bool at_once; /* no tick comes: each line leaves by itself */
};

#define NOTICES_MAX_BYTES ((size_t)256 << 10)

void notices_open(struct notices *notices, uv_loop_t *loop, int fd);

/* "program: sentence", what the arguments hold shown, never obeyed; "%m" is errno's sentence. */
void notices_say(struct notices *notices, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line as it is, without newline. */
void notices_line(struct notices *notices, struct chat_span line);

/* Says what has become of what a printer had to write, where that is worth saying: "stdout". */
void notices_about(
	struct notices *notices, struct printer *printer, const char *name, const char *what);

/* Whether each line is to leave by itself, because no ticks come. */
void notices_speak(struct notices *notices, bool at_once);

/* Writes what goes without waiting. */
void notices_flush(struct notices *notices);

/* Its handle closes with the loop's next turn; from then on each line leaves by itself. */
void notices_leave_loop(struct notices *notices);
void notices_close(struct notices *notices);

#endif
