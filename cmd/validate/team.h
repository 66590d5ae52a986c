#ifndef VALIDATE_TEAM_H
#define VALIDATE_TEAM_H

#include "chat/err.h"
#include "chat/line.h"
#include "validate/check.h"

/*
 * Checks one regular file with check->threads threads. The findings are written in the order of the
 * lines. check->pass, rejects and state must be unset. Returns 0 or -1, as check_file() does.
 */
int team_check(struct check *check, struct chat_lines *input, struct chat_err *err);

#endif
