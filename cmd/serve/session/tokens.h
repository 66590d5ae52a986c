#ifndef SERVE_SESSION_TOKENS_H
#define SERVE_SESSION_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"
#include "text/buf.h"
#include "wire/digest.h"

/*
 * The file of --tokens: who may join, under which username and id. Each line is
 * `username:sha256-of-token[:id]`, the digest in 64 hexadecimal digits. Blank lines and lines that
 * begin with # are ignored. A user may have several lines, and so several tokens, but has one id:
 * the one that its lines name, or the one derived from the username. No two users have the same id.
 */
#define TOKENS_ID_LEN 32 /* of a derived id */
#define TOKENS_ID_MAX 64 /* of an id in the file */

struct token {
	char *username;
	char *id;
	unsigned char digest[CHAT_SHA256_BYTES];
	size_t line; /* its number in the file */
};

struct tokens {
	const char *path; /* borrowed; NULL: no token is needed */
	struct token *at; /* sorted by username */
	size_t count;
};

/*
 * Reads the file. Returns 0, or -1 with CHAT_CANNOT_OPEN, also if users other than its owner may
 * write it.
 */
int tokens_open(struct tokens *tokens, const char *path, struct chat_err *err);

/* Frees the content. The path stays. */
void tokens_free(struct tokens *tokens);

/* Reads the file again. Returns -1, and keeps the old content, if it cannot be read. */
int tokens_reload(struct tokens *tokens, struct chat_err *err);

/* Makes a copy, for another thread. *copy is empty before; its owner must call tokens_free(). */
void tokens_copy(struct tokens *copy, const struct tokens *tokens);

/*
 * Returns the id of this user if the digest is that of one of its tokens; otherwise at is NULL. The
 * id is valid until the tokens are freed or read again.
 */
struct chat_span tokens_find(const struct tokens *tokens, struct chat_span username,
	const unsigned char digest[CHAT_SHA256_BYTES]);

/* Derives the id of a username that has no other: the first half of its SHA-256, in hexadecimal. */
void tokens_derive_id(char id[TOKENS_ID_LEN + 1], struct chat_span username);

/*
 * Makes a random token for "username" or "username:id", and appends a line of JSON: {"username",
 * "id", "token", "line"}; "line" is for the file. Returns 0, or -1 with CHAT_USAGE or the
 * error of the rules if no server would accept the username or the id.
 */
int tokens_make(struct chat_buf *out, const char *name, struct chat_err *err);

#endif
