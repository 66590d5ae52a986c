#ifndef CLIENT_RECENT_HOPS_H
#define CLIENT_RECENT_HOPS_H

#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/msg.h"

/*
 * The hops of the last messages that came: how many programs led to each. An answer to one of them
 * has one more, also if the program that answers does not know `hops`. It starts zeroed.
 */
#define RECENT_HOPS_MOST 256

struct recent_hops {
	struct recent_hops_entry {
		uint64_t id_hash;
		unsigned hops;
	} entries[RECENT_HOPS_MOST]; /* a ring of the messages with hops */
	size_t next;
};

/* Notes a `message` with hops. Ignores others. */
void chat_recent_hops_note(struct recent_hops *recent_hops, const struct chat_msg *msg);

/* Returns the hops of the message with this id; 0: none, or not known. */
unsigned chat_recent_hops_find(
	const struct recent_hops *recent_hops, const struct chat_json_value *id);

#endif
