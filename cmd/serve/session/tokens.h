#ifndef SERVE_SESSION_TOKENS_H
#define SERVE_SESSION_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"
#include "wire/digest.h"

/*
 * Who may come in, and as whom: a file of lines `username:sha256-of-token[:id]`, the digest as 64
 * hexadecimal digits. Blank lines and those that begin with # say nothing. A user may have several
 * lines, but one id: that of the lines which have one, else the one derived from the name. No two
 * users have the same.
 */
#define TOKENS_ID_LEN 32 /* of a derived id */
#define TOKENS_ID_MAX 64 /* of one in the file */

struct token {
	char *username;
	char *id;
	unsigned char digest[CHAT_SHA256_BYTES];
	size_t line; /* where it stands */
};

struct tokens {
	const char *path; /* borrowed */
	struct token *at; /* by username */
	size_t count;
};

/* -1 with CHAT_CANNOT_OPEN, also where others than its owner may write the file. */
int tokens_open(struct tokens *tokens, const char *path, struct chat_err *err);
void tokens_free(struct tokens *tokens);

/* Reads the file again. -1: what was read before stays. */
int tokens_reload(struct tokens *tokens, struct chat_err *err);

/* The id of this user, where the token of this digest is theirs; at NULL: it is not. Borrowed until
 * the tokens are read again. */
struct chat_span tokens_find(const struct tokens *tokens, struct chat_span username,
	const unsigned char digest[CHAT_SHA256_BYTES]);

/* The id that stands for a name which has no other: the first half of its SHA-256, in hexadecimal.
 */
void tokens_derive_id(char id[TOKENS_ID_LEN + 1], struct chat_span username);

/*
 * A fresh token for "username" or "username:id", as a line of JSON: {"username", "id", "token",
 * "line"}, the last being what the file needs. CHAT_USAGE for a name that no server would take.
 */
int tokens_make(struct chat_buf *out, const char *name, struct chat_err *err);

#endif
