#ifndef SIMULATION_LINES_H
#define SIMULATION_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/msg.h"
#include "chat/span.h"

/* The lines that programs have printed. */

/*
 * Takes the next line of a text, without its newline. Returns false if no line is left that ends
 * with one.
 */
bool line_next(struct chat_span *rest, struct chat_span *line);

/*
 * Copies a string of a message, cut to none if it is too long. size: of `to`. A string that the
 * message does not have is "".
 */
void line_string(const struct chat_msg *msg, enum chat_slot slot, char *to, size_t size);

#endif
