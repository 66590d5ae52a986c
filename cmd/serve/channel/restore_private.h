#ifndef SERVE_CHANNEL_RESTORE_PRIVATE_H
#define SERVE_CHANNEL_RESTORE_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/channel/channel.h"
#include "serve/journal/state.h"

/* For the files of restore.h only. */

/* A channel that has messages in the journal. */
struct restored_channel {
	UT_hash_handle hh; /* in selection->channels */
	struct channel *channel; /* NULL: there are too many channels */
	uint32_t selected; /* how many of its lines are selected */
	uint64_t oldest; /* number of the oldest of them; valid if there is one */
	uint32_t len;
	char name[CHAT_CHANNEL_MAX + 1];
};

struct selected_line {
	struct position position; /* in its segment */
	struct restored_channel *of;
};

/* The lines of one segment that are selected. */
struct selected_segment {
	uint32_t number;
	uint64_t base; /* of its index: a message's number less that in its position */
	struct selected_line *lines;
	size_t count, cap;
};

/* The lines of the journal that become the histories of the channels. */
struct selection {
	struct channels *channels;
	struct disk_journal *disk;
	struct restored_channel *restored; /* uthash */
	struct selected_segment *segments; /* the newest first */
	size_t count;
	uint32_t most; /* lines of one channel */
	size_t bytes; /* of all lines that are selected */
};

/* ---- restore_select.c ---- */

/*
 * Selects the newest lines of every channel, as many as the limits of the histories allow. The
 * selection is zeroed, but for channels and disk. Frees nothing when it fails: the caller frees.
 */
int selection_make(struct selection *selection, struct chat_err *err);
void selection_free(struct selection *selection);

/* ---- restore_nonces.c ---- */

/* Reads the nonces of the last minutes, after the histories were restored. */
int restore_nonces(
	struct channels *channels, const struct disk_journal *disk, struct chat_err *err);

#endif
