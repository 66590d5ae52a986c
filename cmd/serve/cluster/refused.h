#ifndef SERVE_CLUSTER_REFUSED_H
#define SERVE_CLUSTER_REFUSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The members of whom a message was given up a moment ago. What a member has sent before it knows
 * of that is refused, too: otherwise a later message would be stored, and the earlier one, which
 * the member sends again, behind it.
 */
struct refused_sender;

/* Zeroed memory is a valid empty list. */
struct refused {
	struct refused_sender *by_serial; /* uthash, in the order of until_ms */
};

/*
 * Shorter than the time after which the member may send again, and longer than what is on its way
 * to this server takes.
 */
#define REFUSED_MS 900

/* Notes that a message of this member was given up. now_ms: by clock_now_ms. */
void refused_add(struct refused *refused, uint64_t serial, int64_t now_ms);

/* Returns true if the messages of this member are to be refused. */
bool refused_has(struct refused *refused, uint64_t serial, int64_t now_ms);

/* Returns the memory of the list in bytes. */
size_t refused_memory(const struct refused *refused);

void refused_free(struct refused *refused);

#endif
