#ifndef SERVE_UTIL_FAIR_QUEUE_H
#define SERVE_UTIL_FAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A fair queue: the entries wait in lanes, and each lane gets the same number of bytes, regardless
 * of the number and the size of its entries. A lane is first in, first out. There is one lane for
 * each address. Zeroed structures are empty. A lane must be empty when its memory is freed.
 */
struct fair_entry {
	struct fair_entry *next, *prev;
	struct fair_lane *lane; /* the lane of the entry; NULL: the entry is in no queue */
};

struct fair_lane {
	struct fair_entry *first; /* utlist; NULL: the lane is empty */
	uint64_t due; /* the lane with the lowest due is served next; in charged bytes */
	uint64_t order; /* of lanes with an equal due, the one with the least order is served */
	size_t at; /* the index of the lane in the heap; valid if the lane is not empty */
};

struct fair_queue {
	struct fair_lane **heap; /* a heap of the lanes that are not empty, the next one first */
	size_t count, cap; /* the number of lanes in heap, and its capacity */
	uint64_t clock; /* the due of the last lane that was served */
	uint64_t order; /* the last order that was given to a lane */
};

/* Frees the queue, which must be empty. */
void fair_queue_free(struct fair_queue *fair);

/* Appends an entry to a lane. The entry must be in no queue. */
void fair_queue_push(struct fair_queue *fair, struct fair_lane *lane, struct fair_entry *entry);

/* Removes an entry. Does nothing if it is not in this queue. */
void fair_queue_remove(struct fair_queue *fair, struct fair_entry *entry);

static inline bool
fair_queue_is_empty(const struct fair_queue *fair)
{
	return fair->count == 0;
}

/* Removes and returns the first entry of the next lane. Returns NULL if the queue is empty. */
struct fair_entry *fair_queue_pop(struct fair_queue *fair);

/* Charges bytes that were sent or read for an entry to its lane, which may be empty now. */
void fair_queue_charge(struct fair_queue *fair, struct fair_lane *lane, uint64_t bytes);

#endif
