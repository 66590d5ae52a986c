/* Lays out a text of several lines, or one that is wider than the terminal. */
#include "listen/human_text.h"

#include <stdbool.h>
#include <string.h>

#include "text/show.h"
#include "text/utf8.h"

#define INDENT_NARROW 2 /* if what is before the text takes more than half of the terminal */

/* A text that is written. */
struct writing {
	struct human_text *layout;
	struct chat_buf *out;
	size_t indent; /* columns before each line but the first */
	size_t column; /* where the line goes on */
};

static void
break_line(struct writing *writing)
{
	memset(chat_buf_reserve(writing->out, writing->indent + 1), ' ', writing->indent + 1);
	writing->out->at[writing->out->len] = '\n';
	writing->out->len += writing->indent + 1;
	writing->column = writing->indent;
}

/*
 * Appends a line that is escaped. Breaks it at the width of the terminal, after a space if it has
 * one.
 */
static void
fold(struct writing *writing, struct chat_span line)
{
	const struct human_text *layout = writing->layout;
	const char *at = line.at, *end = line.at + line.len, *begin = at, *space = NULL;
	size_t len, wide;

	for (; layout->width && at < end; at += len) {
		wide = columns_of_point(&layout->columns, chat_utf8_decode(at, &len));
		if (writing->column + wide > layout->width &&
			(at > begin || writing->column > writing->indent)) {
			const char *cut = space ? space + 1 : at;

			chat_buf_append(writing->out, begin, (size_t)(cut - begin));
			break_line(writing);
			begin = cut;
			space = NULL;
			writing->column += columns_of(
				&layout->columns, (struct chat_span){begin, (size_t)(at - begin)});
		}
		if (*at == ' ')
			space = at;
		writing->column += wide;
	}
	chat_buf_append(writing->out, begin, (size_t)(end - begin));
}

/* Appends one line of the text. */
static void
write_line(struct writing *writing, struct chat_span line)
{
	struct chat_buf *shown = &writing->layout->shown;

	shown->len = 0;
	chat_show(shown, line);
	fold(writing, chat_buf_span(shown));
}

void
human_text_begin(struct human_text *layout)
{
	*layout = (struct human_text){0};
	columns_open(&layout->columns);
}

void
human_text_end(struct human_text *layout)
{
	columns_close(&layout->columns);
	chat_buf_free(&layout->shown);
}

void
human_text_write(
	struct human_text *layout, struct chat_buf *out, size_t line_start, struct chat_span text)
{
	struct chat_span before = {out->at + line_start, out->len - line_start};
	struct writing writing = {.layout = layout, .out = out};
	const char *newline = memchr(text.at, '\n', text.len);

	if (newline || layout->width)
		writing.indent = writing.column = columns_of(&layout->columns, before);
	if (layout->width && writing.indent > layout->width / 2)
		writing.indent = INDENT_NARROW;
	for (; newline; newline = memchr(text.at, '\n', text.len)) {
		size_t len = (size_t)(newline - text.at);
		bool is_crlf = len > 0 && newline[-1] == '\r';

		write_line(&writing, (struct chat_span){text.at, len - is_crlf});
		break_line(&writing);
		text.at += len + 1;
		text.len -= len + 1;
	}
	write_line(&writing, text);
}
