#ifndef SERVE_STDIN_READER_H
#define SERVE_STDIN_READER_H

#include <stdbool.h>
#include <uv.h>

#include "chat/line.h"

/*
 * --stdin: lines that are client messages, posted as the server's own user, to the channel that the
 * line's `channel` names, or "/". A bad line is said on stderr and the next one goes on. The end of
 * the file ends nothing else.
 */
struct server;

struct stdin_reader {
	struct server *server;
	uv_poll_t poll; /* pipe, terminal, socket */
	uv_idle_t idle; /* a file, which cannot be polled */
	struct chat_lines lines;
	bool open;
	bool is_file;
	bool waits; /* too much is said and not kept: no more is read now */
};

void stdin_reader_open(struct stdin_reader *reader, struct server *server, int fd);
void stdin_reader_close(struct stdin_reader *reader);

/* There is room again for what it waits to post; nothing if it does not wait. */
void stdin_reader_go_on(struct stdin_reader *reader);

#endif
