#ifndef LISTEN_UNANSWERED_H
#define LISTEN_UNANSWERED_H

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
struct unanswered_entry {
	uint64_t id_hash;
	unsigned hops;
	unsigned answers; /* given by the command since it was started */
};

struct unanswered {
	bool kept; /* it goes into the cursor file, and so UNANSWERED_MOST are remembered */
	struct unanswered_entry *entries; /* a ring: entry `number` lies at number % cap */
	size_t cap; /* a power of two */
	uint64_t first, next; /* the number of the oldest entry, and of the next one */
	uint64_t done_next,
		given_next; /* the number after the last one done; after the last one given */
	struct chat_buf done, given; /* the ids of these two, NUL-terminated; empty: not known */
	bool changed; /* done has changed; cleared by the owner, who saves it */
};

#define UNANSWERED_LEAST 256 /* messages that are always remembered */
#define UNANSWERED_MOST 65536 /* owed messages that are remembered */

void unanswered_free(struct unanswered *unanswered);

/* Sets the id up to which nothing is owed, unless it is known; "0": all messages are owed. */
void unanswered_begin(struct unanswered *unanswered, const char *id);

/* Returns the id up to which nothing is owed; "": not known. */
const char *unanswered_done(const struct unanswered *unanswered);

/* Adds a message that is given to the command. */
void unanswered_add(struct unanswered *unanswered, const struct chat_json_value *id, unsigned hops);

/* Returns the entry of a message, or NULL if it is not remembered. */
struct unanswered_entry *unanswered_find(
	const struct unanswered *unanswered, const struct chat_json_value *id);

/* Notes that a message is answered, and with it all before it. */
void unanswered_settle(struct unanswered *unanswered, const struct chat_json_value *id);

/* Notes that all messages up to this one were written to the command. */
void unanswered_give(struct unanswered *unanswered, const char *id);

/* The command ended with status 0: it owes no answer to what was written to it. */
void unanswered_close(struct unanswered *unanswered);

/*
 * Another life of the command begins: what is owed is given to it again. True: there may be some.
 */
bool unanswered_restart(struct unanswered *unanswered);

#endif
