#ifndef SERVE_JOURNAL_EPOCHS_H
#define SERVE_JOURNAL_EPOCHS_H

#include <stdbool.h>
#include <stdint.h>

/* Each start of a server begins an epoch. Message numbers continue from one epoch to the next. */
struct epoch {
	uint64_t epoch; /* Unix time of the start, in milliseconds */
	uint64_t last; /* the number of the epoch's last message */
};

/* A growing array of epochs. All zeros is an empty one. */
struct epochs {
	struct epoch *at; /* ascending, by epoch and by number */
	uint32_t count, cap;
};

/* Records the newest message. Its epoch and number must not be lower than the recorded ones. */
void epochs_note(struct epochs *epochs, uint64_t epoch, uint64_t number);

/*
 * Finds the newest recorded message that is not newer than the message with this id. Returns its
 * number, or 0 if all are newer. Sets *known to true if the number can be that of the message
 * itself; to false if the epoch is not recorded, or ended before that number, so that messages were
 * lost.
 */
uint64_t epochs_find(const struct epochs *epochs, uint64_t epoch, uint64_t number, bool *known);

/* Removes the messages with numbers above `last`. */
void epochs_truncate(struct epochs *epochs, uint64_t last);

/* Makes an empty array a copy. */
void epochs_copy(struct epochs *to, const struct epochs *from);

/* Frees the array, and makes it an empty one. */
void epochs_free(struct epochs *epochs);

#endif
