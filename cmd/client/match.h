#ifndef CLIENT_MATCH_H
#define CLIENT_MATCH_H

#include <stdbool.h>

#include "chat/msg.h"
#include "client/draft.h"

/*
 * Whether what a server tells is what was said. A nonce alone does not prove that: somebody may
 * have used it before, and a server may say what it likes.
 */

/*
 * Whether a `message` says what the draft does: the same text, or a file of the same name, type,
 * size and, where it is not left out, data; and the same replyTo, where the server copies that.
 */
bool match_message(
	const struct draft *draft, const struct chat_msg *msg, bool server_copies_reply_to);

/*
 * The same on a server that knows the specification alone, which does not tell what it makes of a
 * file: its name is in the content, or the file itself in the message.
 */
bool match_echo(const struct draft *draft, const struct chat_msg *msg);

/* Whether two string values mean the same, however they are escaped. */
bool match_string(const struct chat_json_value *a, const struct chat_json_value *b);

#endif
