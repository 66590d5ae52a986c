#ifndef LISTEN_LEDGER_H
#define LISTEN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/json.h"

/*
 * What a command was given to answer, and up to which message it owes nobody an answer: the one
 * that was answered, or said to be done with, last in the order of the channel. Starts zeroed.
 */
struct ledger_entry {
	uint64_t id_hash;
	unsigned hops;
	unsigned answers; /* of the command in its present life */
};

struct ledger {
	bool kept; /* what is owed is asked for: it is remembered as far as LEDGER_MOST */
	struct ledger_entry *entries; /* a ring */
	size_t cap;
	uint64_t first, next; /* numbers of entries: the oldest that is there, the next one */
	uint64_t done_next, given_next; /* behind the last that is done; that was written */
	struct chat_buf done, given; /* ids of these, NUL-terminated; empty: not known */
	bool changed; /* done, since that was cleared by who saves it */
};

#define LEDGER_LEAST 256 /* messages that are remembered in any case */
#define LEDGER_MOST 65536

void ledger_free(struct ledger *ledger);

/* Nothing is owed up to this message, before anything is heard; "0": to the beginning. */
void ledger_begin(struct ledger *ledger, const char *id);

/* The id up to which nothing is owed; "": not known. */
const char *ledger_done(const struct ledger *ledger);

/* A message is about to be given to the command. */
void ledger_hear(struct ledger *ledger, const struct chat_json_value *id, unsigned hops);

/* One of those, where it is remembered, or NULL. */
struct ledger_entry *ledger_find(const struct ledger *ledger, const struct chat_json_value *id);

/* It is answered, and so is what came before it. */
void ledger_settle(struct ledger *ledger, const struct chat_json_value *id);

/* All up to this message was written to the command. */
void ledger_give(struct ledger *ledger, const char *id);

/* The command ended well: it owes nothing of what was written to it. */
void ledger_close(struct ledger *ledger);

/*
 * Another life of the command begins: what is owed is given to it again. True: there may be some.
 */
bool ledger_restart(struct ledger *ledger);

#endif
