#ifndef CHAT_MESSAGE_DUPLICATE_KEYS_H
#define CHAT_MESSAGE_DUPLICATE_KEYS_H

#include <stddef.h>

#include "chat/span.h"

/*
 * The duplicate keys of a line, at any depth: for each key that its object already has, the offset
 * of the opening quote, in ascending order.
 */
struct chat_duplicate_keys {
	size_t *offset;
	size_t count;
};

/*
 * Finds the duplicate keys of a line, which must be valid UTF-8. Stops at a JSON error, with the
 * duplicates before it. Returns 0, or -1 if there is no memory. The caller frees keys with
 * chat_duplicate_keys_free in both cases.
 */
int chat_duplicate_keys_find(struct chat_duplicate_keys *keys, struct chat_span line);
void chat_duplicate_keys_free(struct chat_duplicate_keys *keys);

#endif
