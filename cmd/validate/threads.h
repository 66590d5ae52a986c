#ifndef VALIDATE_THREADS_H
#define VALIDATE_THREADS_H

#include "chat/err.h"
#include "chat/line.h"
#include "validate/check.h"

/*
 * Checks one regular file with check->threads threads. The findings are written in the order of the
 * lines. check->pass, rejects and state must be unset. Returns 0 or -1, as check_file() does.
 */
int threads_check(struct check *check, struct chat_lines *input, struct chat_err *err);

#endif
