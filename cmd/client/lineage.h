#ifndef CLIENT_LINEAGE_H
#define CLIENT_LINEAGE_H

#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "chat/msg.h"

/*
 * How many programs led to the last messages that were heard, so that an answer has one more, also
 * where the program that answers does not know of `hops`. Starts zeroed.
 */
#define LINEAGE_MOST 256

struct lineage {
	struct lineage_entry {
		uint64_t id_hash;
		unsigned hops;
	} entries[LINEAGE_MOST]; /* a ring of those that a program led to */
	size_t next;
};

/* Takes note of a message. */
void lineage_note(struct lineage *lineage, const struct chat_msg *msg);

/* The programs that led to the message of this id; 0: none, or it is not known. */
unsigned lineage_hops(const struct lineage *lineage, const struct chat_json_value *id);

#endif
