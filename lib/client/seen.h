#ifndef CLIENT_SEEN_H
#define CLIENT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"

/*
 * The ids of the last SEEN_MAX messages, so that a history brings no message twice. It starts
 * zeroed.
 */
#define SEEN_MAX 8192

struct seen {
	struct seen_ring *ring;
	size_t next; /* the place in ring of the next id */
	size_t count; /* ids in ring */
};

void chat_seen_free(struct seen *seen);

/* Returns the hash of an id, which does not depend on how it is escaped. */
uint64_t chat_seen_hash(const struct chat_json_value *id);

void chat_seen_add(struct seen *seen, const struct chat_json_value *id);
bool chat_seen_has(const struct seen *seen, const struct chat_json_value *id);

#endif
