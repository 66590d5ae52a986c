#ifndef CHAT_MESSAGE_ENCODE_H
#define CHAT_MESSAGE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * The messages that a client sends. Each function returns one line of JSON
 * without a newline; the caller must free(3) it. Strings are NUL-terminated and must be valid
 * UTF-8, which is not checked. An optional property is left out if its field is NULL.
 */
struct chat_encode_init {
	const char *username;
	const char *id;
	const char *token;
	const char *since;
	int64_t since_ms; /* `sinceTime`; 0: left out */
	bool hidden; /* `presence` is "hidden" */
};
char *chat_encode_init(const struct chat_encode_init *init);

char *chat_encode_text(const char *text, const char *nonce, const char *reply_to);

struct chat_encode_file {
	const char *name; /* the base name, which receivers see */
	const char *type; /* the media type */
	const void *bytes; /* the contents, not encoded */
	size_t size; /* at least 1 */
	const char *nonce;
	const char *reply_to;
};
char *chat_encode_file(const struct chat_encode_file *file);

/*
 * Returns text as a JSON string with quotes; the caller must free(3) it. text must be valid UTF-8
 * without U+0000; with U+0000 the process aborts.
 */
char *chat_encode_string(struct chat_span text);

#endif
