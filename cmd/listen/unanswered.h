#ifndef LISTEN_UNANSWERED_H
#define LISTEN_UNANSWERED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/json.h"
#include "text/buf.h"

/*
 * The messages that a command was given, and a position among them: the last message, in the order
 * of the channel, that it has answered or sent $done for. The command owes answers to all messages
 * after this position. It starts zeroed, except kept.
 */
struct unanswered_entry {
	uint64_t id_hash;
	unsigned hops;
	unsigned answers; /* the answers of the command since it was started */
};

struct unanswered {
	bool kept; /* done is saved in the cursor file: owed messages are remembered */
	struct unanswered_entry *entries; /* a ring: entry `number` is at number % cap */
	size_t cap; /* a power of two */
	uint64_t first, next; /* the numbers of the oldest entry and of the next one to be added */
	uint64_t done_next,
		given_next; /* the number after the last message done; after the last one given */
	struct chat_buf done, given; /* the ids of those messages, NUL-terminated; len 0: none */
	bool changed; /* done has changed; the owner saves it and clears this */
};

#define UNANSWERED_LEAST 256 /* the number of messages that are always remembered */
#define UNANSWERED_MOST 65536 /* the most owed messages that are remembered, if kept */

void unanswered_free(struct unanswered *unanswered);

/* Sets the id up to which nothing is owed, unless one is set. "0": all messages are owed. */
void unanswered_begin(struct unanswered *unanswered, const char *id);

/* Returns the id up to which nothing is owed; "": not known. Valid until it changes. */
const char *unanswered_done(const struct unanswered *unanswered);

/* Adds a message that is about to be given to the command. */
void unanswered_add(struct unanswered *unanswered, const struct chat_json_value *id, unsigned hops);

/* Returns the entry of a message, or NULL if it is not remembered. Valid until the next add. */
struct unanswered_entry *unanswered_find(
	const struct unanswered *unanswered, const struct chat_json_value *id);

/*
 * Notes that a message is answered; that settles all messages before it too. Ignores a message that
 * is not remembered.
 */
void unanswered_settle(struct unanswered *unanswered, const struct chat_json_value *id);

/* Notes that all messages up to this id were written to the command. */
void unanswered_give(struct unanswered *unanswered, const char *id);

/* Call it when the command has ended with status 0: it owes no answer to what it was given. */
void unanswered_close(struct unanswered *unanswered);

/*
 * Call it when the command was started again. Returns true if messages are owed: they must be given
 * to it again, from unanswered_done() on.
 */
bool unanswered_restart(struct unanswered *unanswered);

#endif
