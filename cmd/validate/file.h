#ifndef VALIDATE_FILE_H
#define VALIDATE_FILE_H

#include "chat/err.h"
#include "validate/check.h"

/*
 * Checks every line of an open file; name is for the findings. Returns 0, or -1 with CHAT_IO_ERROR
 * if the file could not be read to its end.
 */
int check_file(struct check *check, int fd, const char *name, struct chat_err *err);

#endif
