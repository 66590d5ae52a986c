#ifndef SERVE_UTIL_FAIR_QUEUE_H
#define SERVE_UTIL_FAIR_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A queue in which each lane gets as many bytes as any other, however many wait in it and however
 * large their pieces are; within a lane, who waits longest is first. A lane belongs to whoever is
 * to have one share. Zeroed, all of it is empty. A lane must be empty when its memory goes.
 */
struct fair_entry {
	struct fair_entry *next, *prev;
	struct fair_lane *lane; /* NULL: it is in no queue */
};

struct fair_lane {
	struct fair_entry *first; /* utlist */
	uint64_t due; /* its turn comes when the queue's clock is there */
	uint64_t order; /* of those that are due at the same time */
	size_t at; /* in the heap, while it is not empty */
};

struct fair_queue {
	struct fair_lane **heap; /* of the lanes in which somebody waits; the next one first */
	size_t count, cap;
	uint64_t clock; /* in bytes that the lane whose turn it is has been given */
	uint64_t order;
};

/* It is empty by now. */
void fair_queue_free(struct fair_queue *fair);

/* Puts an entry, which is in no queue, at the end of its lane. */
void fair_queue_push(struct fair_queue *fair, struct fair_lane *lane, struct fair_entry *entry);

/* Takes it out of this queue, if it is in. */
void fair_queue_remove(struct fair_queue *fair, struct fair_entry *entry);

static inline bool
fair_queue_is_empty(const struct fair_queue *fair)
{
	return fair->count == 0;
}

/* Takes out the next one, whose lane's turn it is; NULL when it is empty. */
struct fair_entry *fair_queue_pop(struct fair_queue *fair);

/* The lane of this queue was given so much. */
void fair_queue_charge(struct fair_queue *fair, struct fair_lane *lane, uint64_t bytes);

#endif
