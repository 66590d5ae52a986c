#ifndef CHAT_COMMAND_MEASURE_H
#define CHAT_COMMAND_MEASURE_H

#include <stdint.h>

#include "chat/err.h"

/*
 * Numbers with units, as options and environment variables give them. 0, or -1 with CHAT_USAGE and
 * a sentence. Never negative but for the plain integer. Decimals (1.5s) are decided exactly: what
 * is no whole number of milliseconds (bytes) is refused.
 */

/* Milliseconds: 500ms 10s 5m 2h 7d; a bare number is seconds. */
int chat_measure_duration(int64_t *ms, const char *text, struct chat_err *err);

/* Bytes: 64k 8M 1G, either case, factors of 1,024; a bare number is bytes. */
int chat_measure_size(int64_t *bytes, const char *text, struct chat_err *err);

/* A decimal integer, nothing else: no space, no plus, no hexadecimal. */
int chat_measure_integer(int64_t *value, const char *text, struct chat_err *err);

#endif
