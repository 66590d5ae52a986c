#ifndef CLIENT_PIPE_COPY_H
#define CLIENT_PIPE_COPY_H

#include "chat/err.h"

/*
 * A file that is named on the command line and opened later, perhaps several times. Of a pipe or a
 * terminal, which has its bytes once and may keep who opens it waiting, the bytes are read here,
 * and *path becomes the name, in room, of a copy in memory that lives as long as the process.
 * Others, and NULL, stay what they are. -1: CHAT_CANNOT_OPEN.
 */
#define PIPE_COPY_NAME_SIZE 32
int pipe_copy(const char **path, char room[PIPE_COPY_NAME_SIZE], struct chat_err *err);

#endif
