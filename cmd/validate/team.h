#ifndef VALIDATE_TEAM_H
#define VALIDATE_TEAM_H

#include "validate/check.h"

/*
 * check->threads threads over one regular file; the findings come in the order of the lines. Lines
 * are neither passed on nor compared with each other. 0 or -1, as check_file.
 */
int team_check(struct check *check, struct chat_lines *input, struct chat_err *err);

#endif
