#ifndef SERVE_SESSION_PROOF_H
#define SERVE_SESSION_PROOF_H

#include <stdbool.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "serve/session/session.h"

/* A peer proves that a username is its own by a token, a certificate, or both. */
enum proof {
	PROOF_GIVEN, /* or none is needed */
	PROOF_NO_TOKEN, /* its token is not one of this username */
	PROOF_NO_CERTIFICATE /* its certificate is not for this username */
};

#define USERNAME_MAX 128 /* bytes */

/* Keeps the digest of the token in an init, and forgets that of an earlier init. */
void session_take_token(struct session *session, const struct chat_msg *init);

/*
 * Checks if the peer may use a username. With tokens or certificates, *id is set to the one id of
 * the name, which is borrowed from the tokens or in `derived`; without a proven token its at is
 * NULL.
 */
enum proof session_prove(const struct session *session, struct chat_span name, struct chat_span *id,
	char derived[TOKENS_ID_LEN + 1]);

/* Returns true if the user of a session that has joined would be let in again, as the same user:
 * the tokens may have changed. */
bool session_is_still_proven(const struct session *session);

/* Decodes the string of a message into storage. Returns it; at is NULL if the message has none,
 * or one that is too long. */
struct chat_span session_decode(
	const struct chat_msg *msg, enum chat_slot slot, char *storage, size_t size);

#endif
