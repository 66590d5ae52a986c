#ifndef CHAT_MESSAGE_DUPLICATE_KEYS_H
#define CHAT_MESSAGE_DUPLICATE_KEYS_H

#include <stddef.h>

#include "chat/span.h"

/*
 * The duplicate keys of a line, at any depth: the offsets of the opening quotes of keys that their
 * object already has, in ascending order.
 */
struct chat_duplicate_keys {
	size_t *offset;
	size_t count;
};

/*
 * Fills keys from a line of valid UTF-8. Stops at a JSON error; the keys before it are found. The
 * caller frees keys with chat_duplicate_keys_free.
 */
void chat_duplicate_keys_find(struct chat_duplicate_keys *keys, struct chat_span line);
void chat_duplicate_keys_free(struct chat_duplicate_keys *keys);

#endif
