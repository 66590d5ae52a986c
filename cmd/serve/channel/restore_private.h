#ifndef SERVE_CHANNEL_RESTORE_PRIVATE_H
#define SERVE_CHANNEL_RESTORE_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/journal/state.h"

/* For restore*.c only. */

/* The channels of all loops. */
struct restored_sets {
	struct channels *const *at;
	size_t loops;
};

/* Returns the set with the channel of this name. */
static inline struct channels *
restored_set(const struct restored_sets *sets, struct chat_span name)
{
	return sets->at[channel_loop(name, sets->loops)];
}

/* A channel that has messages in the journal. */
struct restored_channel {
	UT_hash_handle hh; /* in selection->restored */
	struct channel *channel; /* NULL: there are too many channels */
	uint32_t selected; /* the number of its lines that are selected */
	uint64_t oldest; /* number of the oldest selected message; valid if selected is not 0 */
	uint32_t len;
	char name[CHAT_CHANNEL_MAX + 1];
};

struct selected_line {
	struct position position; /* of the line in its segment */
	struct restored_channel *of;
};

/* The selected lines of one segment. */
struct selected_segment {
	uint32_t number;
	/* Of the segment's index: a message's number minus the number in its position. */
	uint64_t base;
	struct selected_line *lines;
	size_t count, cap;
};

/* The lines of the journal that become the histories of the channels. */
struct selection {
	const struct restored_sets *sets;
	const struct channels_limits *limits; /* of all sets together */
	struct disk_journal *disk;
	struct restored_channel *restored; /* uthash, by name */
	struct selected_segment *segments; /* the newest is the first */
	size_t count;
	uint32_t most; /* the most lines of one channel */
	size_t bytes; /* of all selected lines, with 10 bytes for the frame header of each */
};

/* ---- restore_select.c ---- */

/*
 * Selects the newest lines of every channel, as many as the limits of the histories allow. The
 * selection must be zeroed, except sets, limits and disk. Returns 0 or -1. The caller must call
 * selection_free in both cases.
 */
int selection_make(struct selection *selection, struct chat_err *err);
void selection_free(struct selection *selection);

/* ---- restore_nonces.c ---- */

/*
 * Restores the nonces of the last minutes. To be called after the histories were restored. Returns
 * 0, or -1 if a segment cannot be read.
 */
int restore_nonces(
	const struct restored_sets *sets, const struct disk_journal *disk, struct chat_err *err);

#endif
