#ifndef CHAT_COMMAND_UNITS_H
#define CHAT_COMMAND_UNITS_H

#include <stdint.h>

#include "chat/err.h"
#include "text/buf.h"

/*
 * Numbers with units, in options and environment variables.
 *
 * The functions that read return 0, or -1 with CHAT_USAGE if the whole text is not such a number.
 * Durations and sizes are never negative. They may have decimals (1.5s), which are computed
 * exactly: a text that is not a whole number of milliseconds or bytes is refused.
 */

/* Reads milliseconds: 500ms, 10s, 5m, 2h or 7d; a number without a unit is seconds. */
int chat_duration_read(int64_t *ms, const char *text, struct chat_err *err);

/*
 * Reads bytes: 64k, 8M or 1G, in lower or upper case, by factors of 1,024; a number without a unit
 * is bytes.
 */
int chat_size_read(int64_t *bytes, const char *text, struct chat_err *err);

/* Reads a decimal integer, without spaces, plus sign or hexadecimal digits. */
int chat_integer_read(int64_t *value, const char *text, struct chat_err *err);

/*
 * Append a duration or a size, which must not be negative, in the largest unit in which it is a
 * whole number: 5m, 256k.
 */
void chat_duration_write(struct chat_buf *out, int64_t ms);
void chat_size_write(struct chat_buf *out, int64_t bytes);

#endif
