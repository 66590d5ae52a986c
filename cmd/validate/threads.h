#ifndef VALIDATE_THREADS_H
#define VALIDATE_THREADS_H

#include "chat/err.h"
#include "text/line.h"
#include "validate/check.h"

/*
 * Checks a regular file with check->threads threads. Findings are written in the order of the
 * lines. check->pass must be PASS_NONE, and rejects and state NULL. Returns 0, or -1 with
 * CHAT_IO_ERROR.
 */
int threads_check(struct check *check, struct chat_lines *input, struct chat_err *err);

#endif
