#ifndef COMMON_PIPE_COPY_H
#define COMMON_PIPE_COPY_H

#include "chat/err.h"

/*
 * Makes a file that is named on the command line one that can be opened later and several times.
 * The bytes of a pipe or a terminal can be read only once, and opening it may wait: they are copied
 * here into memory, and *path becomes the name of the copy, written into name, which is valid as
 * long as the process lives. Another file, and NULL, stay as they are. Returns 0, or -1 with
 * CHAT_CANNOT_OPEN.
 */
#define PIPE_COPY_NAME_SIZE 32
int pipe_copy(const char **path, char name[PIPE_COPY_NAME_SIZE], struct chat_err *err);

#endif
