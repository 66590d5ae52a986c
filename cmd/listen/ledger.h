#ifndef LISTEN_LEDGER_H
#define LISTEN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/json.h"

/*
 * The messages that a command was given, and up to which of them it is done: the last one, in the
 * order of the channel, that it has answered or said $done to. It owes an answer to those after
 * that. It starts zeroed, except kept.
 */
struct ledger_entry {
	uint64_t id_hash;
	unsigned hops;
	unsigned answers; /* given by the command since it was started */
};

struct ledger {
	bool kept; /* it goes into the cursor file, and so LEDGER_MOST are remembered */
	struct ledger_entry *entries; /* a ring: entry `number` lies at number % cap */
	size_t cap; /* a power of two */
	uint64_t first, next; /* the number of the oldest entry, and of the next one */
	uint64_t done_next,
		given_next; /* the number after the last one done; after the last one given */
	struct chat_buf done, given; /* the ids of these two, NUL-terminated; empty: not known */
	bool changed; /* done has changed; cleared by the owner, who saves it */
};

#define LEDGER_LEAST 256 /* messages that are always remembered */
#define LEDGER_MOST 65536 /* owed messages that are remembered */

void ledger_free(struct ledger *ledger);

/* Sets the id up to which nothing is owed, unless it is known; "0": all messages are owed. */
void ledger_begin(struct ledger *ledger, const char *id);

/* Returns the id up to which nothing is owed; "": not known. */
const char *ledger_done(const struct ledger *ledger);

/* Adds a message that is given to the command. */
void ledger_add(struct ledger *ledger, const struct chat_json_value *id, unsigned hops);

/* Returns the entry of a message, or NULL if it is not remembered. */
struct ledger_entry *ledger_find(const struct ledger *ledger, const struct chat_json_value *id);

/* Notes that a message is answered, and with it all before it. */
void ledger_settle(struct ledger *ledger, const struct chat_json_value *id);

/* Notes that all messages up to this one were written to the command. */
void ledger_give(struct ledger *ledger, const char *id);

/* The command ended with status 0: it owes no answer to what was written to it. */
void ledger_close(struct ledger *ledger);

/*
 * Another life of the command begins: what is owed is given to it again. True: there may be some.
 */
bool ledger_restart(struct ledger *ledger);

#endif
