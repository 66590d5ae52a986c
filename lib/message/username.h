#ifndef CHAT_MESSAGE_USERNAME_H
#define CHAT_MESSAGE_USERNAME_H

#include "chat/err.h"
#include "chat/span.h"

/*
 * Checks a username of 3 to 20 code points as the server does: no control character (C0, C1,
 * U+2028, U+2029, bidirectional), no invisible one, no white space at either end. Returns 0, or -1
 * with bad_username.
 */
int chat_username_check(struct chat_span decoded, struct chat_err *err);

#endif
