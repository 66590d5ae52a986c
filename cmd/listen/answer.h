#ifndef LISTEN_ANSWER_H
#define LISTEN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/json.h"
#include "client/draft.h"
#include "client/nonce.h"
#include "wire/digest.h"

/*
 * The answers of a command. A question that is given again, or to another instance of the same
 * command of the same user, is answered once, because a server makes one message of one nonce: so
 * that of an answer is made of the command line, the question's id and how many answers it had.
 */

/* Stands for a command line in nonces. */
struct answerer {
	unsigned char digest[CHAT_SHA256_BYTES];
};

void answerer_begin(struct answerer *answerer, char *const *argv);

/* The prefix of nonces of answers to this question. */
void answer_prefix(char prefix[NONCE_PREFIX_LEN + 1], const struct answerer *answerer,
	const struct chat_json_value *question);

/* Gives a draft that has none a nonce. */
void answer_add_nonce(struct draft *draft, const char *nonce);

/*
 * Whether a line says {"type":"$done","id":…}: the command is done with that message. If so the
 * draft, which is not to be sent, answers it.
 */
bool answer_is_done(struct draft *draft, struct chat_span line);

#endif
