#ifndef CHAT_LINE_READER_H
#define CHAT_LINE_READER_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads lines from a file descriptor, such as NDJSON on standard input. */
struct chat_line_reader;

/*
 * The descriptor is borrowed. A line of more than max_line_bytes, without its newline, is skipped.
 * Returns NULL if there is no memory.
 */
struct chat_line_reader *chat_line_reader_new(int fd, size_t max_line_bytes);

/* Does not close the descriptor. NULL does nothing. */
void chat_line_reader_free(struct chat_line_reader *reader);

/*
 * Waits for the next line. Returns 1 with *line, without its newline and valid until the next call;
 * 0 at the end of the file; or -1 with CHAT_TOO_LARGE for a line that is skipped, CHAT_IO_ERROR or
 * CHAT_NO_MEMORY. After CHAT_TOO_LARGE the next call continues with the line after it. The last
 * line may have no newline.
 */
int chat_line_reader_next(
	struct chat_line_reader *reader, struct chat_span *line, struct chat_err *err);

/* Returns the number of the last line that was returned or skipped, from 1; 0 before it. */
uint64_t chat_line_reader_number(const struct chat_line_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
