#ifndef CLIENT_MATCH_H
#define CLIENT_MATCH_H

#include <stdbool.h>

#include "chat/msg.h"
#include "client/draft.h"

/*
 * Compares a message of the server with a message that we sent. An equal nonce alone does not prove
 * that they are the same message: the nonce may have been used before.
 */

/*
 * Returns true if a `message` is the same as a draft: it has the same text, or a file of the same
 * name, type, size and, unless it is left out, data; and the same replyTo if the server copies
 * that.
 */
bool chat_match_message(
	const struct draft *draft, const struct chat_msg *msg, bool server_copies_reply_to);

/*
 * Returns true if a `message` of a plain server may be the echo of a draft. The specification does
 * not say how a file comes back: the message has the file, or its content has the name of the file.
 */
bool chat_match_echo(const struct draft *draft, const struct chat_msg *msg);

/* Returns true if two strings are equal after unescaping. */
bool chat_match_string(const struct chat_json_value *a, const struct chat_json_value *b);

#endif
