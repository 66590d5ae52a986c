#ifndef LISTEN_ANSWER_NONCE_H
#define LISTEN_ANSWER_NONCE_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "client/draft.h"
#include "client/nonce.h"
#include "wire/digest.h"

/*
 * The answers of a command. A message that is given to it again, or to another process of the same
 * command and user, is answered once: the nonce of the answer is made of the command line, the id
 * of the message and the number of answers to it before, and a server makes one message of one
 * nonce.
 */

/* The digest of a command line, as nonces have it. */
struct answerer {
	unsigned char digest[CHAT_SHA256_BYTES];
};

void answerer_begin(struct answerer *answerer, char *const *argv);

/* Makes the prefix of the nonces of answers to the message with this id. */
void answer_prefix(char prefix[NONCE_PREFIX_LEN + 1], const struct answerer *answerer,
	const struct chat_json_value *id);

/* Gives a nonce to a draft that has none. */
void answer_add_nonce(struct draft *draft, const char *nonce);

/*
 * Returns true for a line {"type":"$done","id":…}: the command has done with that message and gives
 * no answer. The draft is then an answer to it that must not be sent.
 */
bool answer_is_done(struct draft *draft, struct chat_span line);

#endif
