#ifndef LISTEN_ANSWER_NONCE_H
#define LISTEN_ANSWER_NONCE_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "client/draft.h"
#include "client/nonce.h"
#include "wire/digest.h"

/*
 * Answers of a command. A message may be given to a command twice: after a restart, or to two
 * processes with the same command and user. It must still be answered once. So the nonce of an
 * answer is derived from the command line, the id of the message and the number of earlier answers
 * to it; the server makes only one message from equal nonces.
 */

/* The command line, as it is part of the nonces. */
struct answerer {
	unsigned char digest[CHAT_SHA256_BYTES];
};

void answerer_begin(struct answerer *answerer, char *const *argv);

/* Writes the prefix of the nonces of all answers to the message with this id. */
void answer_prefix(char prefix[NONCE_PREFIX_LEN + 1], const struct answerer *answerer,
	const struct chat_json_value *id);

/* Adds a nonce to a draft that has none. */
void answer_add_nonce(struct draft *draft, const char *nonce);

/*
 * Returns true if the line is {"type":"$done","id":…}: the command has finished with the message of
 * this id and sends no more answers to it. Then *draft has this id as reply_to; it must not be
 * sent, and the caller frees it. Otherwise *draft is zeroed.
 */
bool answer_is_done(struct draft *draft, struct chat_span line);

#endif
