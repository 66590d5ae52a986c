#ifndef CLIENT_TOKEN_H
#define CLIENT_TOKEN_H

#include "chat/err.h"
#include "chat/span.h"

/*
 * The token of a user, from a variable: the first line of it. What an editor of any system leaves
 * around that (blanks, blank lines, a byte-order mark) is not part of it. The caller frees. NULL
 * with CHAT_USAGE: there is none, or nothing that a server would take; err does not hold it.
 */
char *token_take(struct chat_span text, struct chat_err *err);

/* The same from a file. CHAT_CANNOT_OPEN, with its name. */
char *token_read(const char *path, struct chat_err *err);

#endif
