#ifndef SERVE_UTIL_FAIR_QUEUE_H
#define SERVE_UTIL_FAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A queue of lanes, each of which gets as many bytes as any other, however many entries wait in it
 * and however large they are. Within a lane the entry that has waited longest is first. There is
 * one lane for each that is to have an equal share (an address). Zeroed, all structures are empty.
 * A lane must be empty when its memory is freed.
 */
struct fair_entry {
	struct fair_entry *next, *prev;
	struct fair_lane *lane; /* that it waits in; NULL: it is in no queue */
};

struct fair_lane {
	struct fair_entry *first; /* utlist */
	uint64_t due; /* the queue's clock at which its turn comes */
	uint64_t order; /* decides between lanes that are due at the same time */
	size_t at; /* its index in the heap; valid while it is not empty */
};

struct fair_queue {
	struct fair_lane *
		*heap; /* the lanes that are not empty; the one whose turn is next is first */
	size_t count, cap;
	uint64_t clock; /* the due of the lane whose turn was last, in bytes */
	uint64_t order;
};

/* Frees the queue, which must be empty. */
void fair_queue_free(struct fair_queue *fair);

/* Appends an entry, which is in no queue, to its lane. */
void fair_queue_push(struct fair_queue *fair, struct fair_lane *lane, struct fair_entry *entry);

/* Removes the entry, if it is in this queue. */
void fair_queue_remove(struct fair_queue *fair, struct fair_entry *entry);

static inline bool
fair_queue_is_empty(const struct fair_queue *fair)
{
	return fair->count == 0;
}

/* Removes and returns the first entry of the lane whose turn it is, or NULL if there is none. */
struct fair_entry *fair_queue_pop(struct fair_queue *fair);

/* Charges a lane of this queue for so many bytes that it was given. */
void fair_queue_charge(struct fair_queue *fair, struct fair_lane *lane, uint64_t bytes);

#endif
