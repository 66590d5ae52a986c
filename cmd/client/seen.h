#ifndef CLIENT_SEEN_H
#define CLIENT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"

/*
 * The ids of the last messages, so that a history told again brings no repeats. Starts zeroed.
 */
#define SEEN_MAX 8192

struct seen {
	struct seen_ring *ring;
	size_t next; /* place in it */
	size_t count;
};

void seen_free(struct seen *seen);
/* What is kept of an id. */
uint64_t seen_hash(const struct chat_json_value *id);

void seen_add(struct seen *seen, const struct chat_json_value *id);
bool seen_has(const struct seen *seen, const struct chat_json_value *id);

#endif
