#ifndef VALIDATE_FILE_H
#define VALIDATE_FILE_H

#include "chat/err.h"
#include "validate/check.h"

/*
 * Checks every line of an open file. name is used in findings. Returns 0, or -1 with CHAT_IO_ERROR
 * if the file cannot be read to its end. The findings so far are reported in both cases.
 */
int check_file(struct check *check, int fd, const char *name, struct chat_err *err);

#endif
