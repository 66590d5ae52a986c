#ifndef CLIENT_TOKEN_H
#define CLIENT_TOKEN_H

#include "chat/err.h"
#include "chat/span.h"

/*
 * Returns the token in a text: its first line, without the blanks, blank lines and byte-order mark
 * that an editor may leave. The caller frees it. Returns NULL with CHAT_USAGE if there is none, or
 * one that no server takes; the error does not contain it.
 */
char *chat_token_take(struct chat_span text, struct chat_err *err);

/* Returns the token in a file, which the caller frees, or NULL with CHAT_CANNOT_OPEN. */
char *chat_token_read(const char *path, struct chat_err *err);

#endif
