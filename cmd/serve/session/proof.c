/* Checks that a peer is the user that it claims to be: compares its token or its certificate. */
#include "serve/session/proof.h"

#include <stdlib.h>
#include <string.h>

#include "chat/json.h"

#define TOKEN_MAX 4096

struct chat_span
session_decode(const struct chat_msg *msg, enum chat_slot slot, char *storage, size_t size)
{
	size_t len;

	if (!chat_msg_has(msg, slot))
		return (struct chat_span){0};
	len = chat_json_unescape(&msg->value[slot], storage, size);
	return len == (size_t)-1 ? (struct chat_span){0} : (struct chat_span){storage, len};
}

void
session_take_token(struct session *session, const struct chat_msg *init)
{
	char bytes[TOKEN_MAX];
	struct chat_span token = session_decode(init, CHAT_SLOT_TOKEN, bytes, sizeof(bytes));

	if (!token.at) {
		free(session->digest);
		session->digest = NULL;
		return;
	}
	if (!session->digest)
		session->digest = chat_alloc(CHAT_SHA256_BYTES);
	chat_sha256(session->digest, token);
	explicit_bzero(bytes, sizeof(bytes));
}

static bool
is_certified(const struct session *session, struct chat_span name)
{
	char storage[USERNAME_MAX];
	struct chat_span certified =
		stream_peer_name(&session->conn.stream, storage, sizeof(storage));

	return certified.at && chat_span_equal(certified, name);
}

enum proof
session_prove(const struct session *session, struct chat_span name, struct chat_span *id,
	char derived[TOKENS_ID_LEN + 1])
{
	const struct session_context *context = session->context;
	bool needs_certificate = context->options.needs_certificate;

	if (needs_certificate && !is_certified(session, name))
		return PROOF_NO_CERTIFICATE;
	if (context->tokens.path) {
		*id = session->digest ? tokens_find(&context->tokens, name, session->digest)
				      : (struct chat_span){0};
		return id->at ? PROOF_GIVEN : PROOF_NO_TOKEN;
	}
	if (needs_certificate) {
		tokens_derive_id(derived, name);
		*id = (struct chat_span){derived, TOKENS_ID_LEN};
	}
	return PROOF_GIVEN;
}

bool
session_is_still_proven(const struct session *session)
{
	const struct user *user = session->member.user;
	const struct chat_span id = {user->id, user->id_len};
	char derived[TOKENS_ID_LEN + 1];
	struct chat_span now = id;

	return session_prove(session, (struct chat_span){user->name, user->name_len}, &now,
		       derived) == PROOF_GIVEN &&
		chat_span_equal(now, id);
}
