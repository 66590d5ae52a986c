#ifndef SERVE_STDIN_READER_H
#define SERVE_STDIN_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "serve/channel/channel.h"
#include "serve/session/backpressure.h"
#include "serve/util/error_log.h"
#include "text/line.h"

/*
 * --stdin: each line is a client's message. It is posted as the server's own user (SERVER_NAME), in
 * the channel that the line's `channel` names, or "/". A bad line is reported on stderr and the
 * next one is read. At the end of the file the server does not end.
 */
struct stdin_line {
	struct chat_span text; /* without newline */
	unsigned long long number; /* of the line, from 1 */
};

/* Leads to the channels of other loops. Zeroed: there are none. */
struct stdin_route {
	/* Passes a copy of the line to the loop of this channel; false: it is that of the reader.
	 */
	bool (*pass)(void *arg, struct chat_span channel, const struct stdin_line *line);
	void *arg;
};

struct stdin_reader {
	struct channels *channels;
	struct stdin_route route;
	const struct backpressure *backpressure;
	struct error_log *error_log;
	uv_poll_t poll; /* used for a pipe, terminal or socket */
	uv_idle_t idle; /* used for a file, which cannot be polled */
	struct chat_lines lines;
	bool open; /* false: it reads nothing, and the fields above are not valid */
	bool is_file; /* idle is used, not poll */
	bool paused; /* too much waits for the journal: nothing is read now */
};

/* Begins to read fd. All pointers are borrowed. */
void stdin_reader_open(struct stdin_reader *reader, uv_loop_t *loop, int fd,
	size_t max_message_bytes, struct channels *channels, const struct stdin_route *route,
	const struct backpressure *backpressure, struct error_log *error_log);

/* Posts a line in its channel, or passes it on; or reports that it is bad. */
void stdin_line_post(const struct stdin_line *line, struct channels *channels,
	const struct stdin_route *route, struct error_log *error_log);

/* Ends reading. Does nothing if it is not open. */
void stdin_reader_close(struct stdin_reader *reader);

/* Resumes reading when there is room for messages again. Returns true if the reader was paused: the
 * caller then publishes the lines that it may have posted. */
bool stdin_reader_resume(struct stdin_reader *reader);

#endif
