/* Takes whole blocks of lines and exchanges buffers, for readers of much: chat-validate, the
 * journal. */
#include <string.h>

#include "text/line.h"

bool
chat_lines_take_whole(struct chat_lines *lines, struct chat_buf *into, struct chat_span *whole)
{
	size_t unseen = lines->buf.len - lines->scanned, end;
	const char *newline = NULL;
	struct chat_buf full = lines->buf;

	if (!lines->skipping && unseen > 0)
		newline = memrchr(full.at + lines->scanned, '\n', unseen);
	if (!newline)
		return false;
	end = (size_t)(newline + 1 - full.at);
	*whole = (struct chat_span){full.at + lines->start, end - lines->start};
	into->len = 0;
	into->limit = 0;
	chat_buf_append(into, full.at + end, full.len - end);
	lines->buf = *into;
	lines->start = 0;
	lines->scanned = lines->buf.len;
	*into = full;
	return true;
}

void
chat_lines_lend(struct chat_lines *lines, struct chat_buf *buf)
{
	struct chat_buf old = lines->buf;

	buf->len = 0;
	buf->limit = 0;
	if (old.len > lines->start)
		chat_buf_append(buf, old.at + lines->start, old.len - lines->start);
	lines->scanned -= lines->start;
	lines->start = 0;
	lines->buf = *buf;
	*buf = old;
	buf->len = 0;
	buf->limit = 0;
}
