#ifndef CLIENT_RECENT_HOPS_H
#define CLIENT_RECENT_HOPS_H

#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/msg.h"

/*
 * How many programs led to the last messages that were heard, so that an answer has one more, also
 * where the program that answers does not know of `hops`. Starts zeroed.
 */
#define RECENT_HOPS_MOST 256

struct recent_hops {
	struct recent_hops_entry {
		uint64_t id_hash;
		unsigned hops;
	} entries[RECENT_HOPS_MOST]; /* a ring of those that a program led to */
	size_t next;
};

/* Takes note of a message. */
void recent_hops_note(struct recent_hops *recent_hops, const struct chat_msg *msg);

/* The programs that led to the message of this id; 0: none, or it is not known. */
unsigned recent_hops_find(const struct recent_hops *recent_hops, const struct chat_json_value *id);

#endif
