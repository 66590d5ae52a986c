#ifndef CHAT_MESSAGE_STRICT_H
#define CHAT_MESSAGE_STRICT_H

#include <stddef.h>

#include "chat/json.h"
#include "chat/span.h"

/*
 * What only strict checking asks of a line. Private to the library: msg calls it.
 */

/* Where, in rising order, a key stands that its object already has, at any depth. */
struct chat_strict_keys {
	size_t *offset; /* of the opening quote */
	size_t count;
};

/* Fills keys (to be freed) from a line of valid UTF-8; where its JSON breaks, it ends. */
void chat_strict_keys_find(struct chat_strict_keys *keys, struct chat_span line);
void chat_strict_keys_free(struct chat_strict_keys *keys);

/*
 * Of a string that is base64: whether it is canonical, and the bytes that it stands for.
 */
bool chat_strict_base64(const struct chat_json_value *string, size_t *decoded_size);

#endif
