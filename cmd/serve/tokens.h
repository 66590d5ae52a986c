#ifndef SERVE_TOKENS_H
#define SERVE_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "digest.h"
#include "err.h"
#include "span.h"

/*
 * Who may come in: a file of lines `username:sha256-of-token[:id]`, the digest as 64 hexadecimal
 * digits. Blank lines and those that begin with # say nothing. A user may have several lines.
 */
struct token {
	char *username;
	char *id; /* NULL: any */
	unsigned char digest[CHAT_SHA256_BYTES];
};

struct tokens {
	const char *path; /* borrowed */
	struct token *at;
	size_t count;
};

/* -1 with CHAT_CANNOT_OPEN, also where others than its owner may write the file. */
int tokens_open(struct tokens *tokens, const char *path, struct chat_err *err);
void tokens_free(struct tokens *tokens);

/* Reads the file again. -1: what was read before stays. */
int tokens_reload(struct tokens *tokens, struct chat_err *err);

/* Whether this user is in it with this id and the token of this digest. */
bool tokens_admit(const struct tokens *tokens, struct chat_span username, struct chat_span id,
	const unsigned char digest[CHAT_SHA256_BYTES]);

/*
 * A fresh token for "username" or "username:id", as a line of JSON: {"username", "token", "line"},
 * the last being what the file needs. CHAT_USAGE for a name that no server would take.
 */
int tokens_make(struct chat_buf *out, const char *name, struct chat_err *err);

#endif
