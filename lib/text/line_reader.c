/* Lines of NDJSON for other people's programs; the commands use text/line.h. */
#include "chat/line_reader.h"

#include <stdlib.h>

#include "text/err.h"
#include "text/line.h"

struct chat_line_reader {
	struct chat_lines lines;
};

struct chat_line_reader *
chat_line_reader_new(int fd, size_t max_line_bytes)
{
	struct chat_line_reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		chat_lines_init(&reader->lines, fd, max_line_bytes);
	return reader;
}

void
chat_line_reader_free(struct chat_line_reader *reader)
{
	if (!reader)
		return;
	chat_lines_free(&reader->lines);
	free(reader);
}

int
chat_line_reader_next(struct chat_line_reader *reader, struct chat_span *line, struct chat_err *err)
{
	enum chat_line what;

	if (chat_lines_next(&reader->lines, line, &what, err) < 0)
		return -1;
	if (what == CHAT_LINE_TOO_LONG)
		return chat_fail(err, CHAT_TOO_LARGE, "a line of more than %zu bytes",
			reader->lines.max_bytes);
	return what != CHAT_LINE_END;
}

uint64_t
chat_line_reader_number(const struct chat_line_reader *reader)
{
	return reader->lines.number;
}
