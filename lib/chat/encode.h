#ifndef CHAT_ENCODE_H
#define CHAT_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * The messages that a client says, written with cJSON. Each returns one line of JSON without a
 * newline, which the caller frees with free(). Strings are NUL-terminated and must be valid UTF-8:
 * cJSON does not look, and would pass bad bytes on. NULL leaves an optional property out.
 */
struct chat_encode_init {
	const char *username;
	const char *id;
	const char *token;
	const char *since;
	int64_t since_ms; /* sinceTime; 0: none */
	bool hidden; /* presence: "hidden" */
};
char *chat_encode_init(const struct chat_encode_init *init);

char *chat_encode_text(const char *text, const char *nonce, const char *reply_to);

struct chat_encode_file {
	const char *name; /* as receivers see it: no directory */
	const char *type; /* media type */
	const void *bytes; /* encoded as base64 here */
	size_t size; /* at least 1 */
	const char *nonce;
	const char *reply_to;
};
char *chat_encode_file(const struct chat_encode_file *file);

/* A JSON string with its quotes, escaped, of valid UTF-8 without U+0000. The caller frees. */
char *chat_encode_string(struct chat_span text);

#endif
