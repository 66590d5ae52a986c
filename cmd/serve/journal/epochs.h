#ifndef SERVE_JOURNAL_EPOCHS_H
#define SERVE_JOURNAL_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

/* Each start of a server begins an epoch. Message numbers go on from one epoch to the next. */
struct epoch {
	uint64_t epoch; /* Unix time of the start, in milliseconds */
	uint64_t last; /* number of the epoch's last message */
};

/* A growing array of epochs; all zeros is an empty one. */
struct epochs {
	struct epoch *at; /* ascending */
	uint32_t count, cap;
};

/* Records that the message of this epoch and number is the newest so far. */
void epochs_note(struct epochs *epochs, uint64_t epoch, uint64_t number);

/*
 * Finds the newest message that is not newer than the one with this id. Returns its number, or 0 if
 * all are newer. Sets *known to true if it can be the very message; to false if the epoch is
 * unknown, or ended before that number, so that messages were lost.
 */
uint64_t epochs_find(const struct epochs *epochs, uint64_t epoch, uint64_t number, bool *known);

/* Forgets the messages with numbers above `last`. */
void epochs_truncate(struct epochs *epochs, uint64_t last);

/* Frees the array; the structure is empty afterwards. */
void epochs_free(struct epochs *epochs);

#endif
