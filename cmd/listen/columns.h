#ifndef LISTEN_COLUMNS_H
#define LISTEN_COLUMNS_H

#include <locale.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * The width of text on a terminal, in columns: 2 for a wide character, 0 for one that is drawn over
 * the one before it. It does not depend on the locale of the user.
 */
struct columns {
	locale_t utf8; /* owned; 0: there is none, and every character counts as 1 */
};

void columns_open(struct columns *columns);
void columns_close(struct columns *columns);

/* Returns the columns of one code point. */
unsigned columns_of_point(const struct columns *columns, uint32_t point);

/* Returns the columns of valid UTF-8. The color sequences of human.c count as 0. */
size_t columns_of(const struct columns *columns, struct chat_span text);

/* Returns the width of the terminal fd in columns; 0: it is no terminal, or has no known width. */
unsigned columns_of_terminal(int fd);

#endif
