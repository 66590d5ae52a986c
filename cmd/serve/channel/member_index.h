#ifndef SERVE_CHANNEL_MEMBER_INDEX_H
#define SERVE_CHANNEL_MEMBER_INDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the members of a channel by their serials, in logarithmic time. A member that posted a
 * message may have left before the message is published or fails; its serial finds no member then.
 */
struct channel;
struct member;

/* Zeroed memory is a valid empty index. It is valid while nobody joins or leaves the channel. */
struct member_index {
	struct member **at; /* by serial; NULL until the first member_index_find */
	size_t count;
};

/* Returns the member of this serial, or NULL if it has left. The first call makes the index. */
struct member *member_index_find(
	struct member_index *index, const struct channel *channel, uint64_t serial);

void member_index_free(struct member_index *index);

#endif
