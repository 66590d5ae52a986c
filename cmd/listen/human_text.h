#ifndef LISTEN_HUMAN_TEXT_H
#define LISTEN_HUMAN_TEXT_H

#include <stddef.h>

#include "chat/span.h"
#include "listen/columns.h"
#include "text/buf.h"

/* The layout of texts. */
struct human_text {
	unsigned width; /* of the terminal in columns; longer lines are broken; 0: they are not */
	struct columns columns;
	struct chat_buf shown; /* scratch */
};

/* Initializes it, with width 0. */
void human_text_begin(struct human_text *layout);
void human_text_end(struct human_text *layout);

/*
 * Appends a text to the line that begins at the offset line_start of out. Its further lines, and
 * the parts of a line that is wider than the terminal, are indented by the width of what was before
 * the text. So a newline in it does not look like the two characters "\n", and no part of it begins
 * in the first column.
 */
void human_text_write(
	struct human_text *layout, struct chat_buf *out, size_t line_start, struct chat_span text);

#endif
