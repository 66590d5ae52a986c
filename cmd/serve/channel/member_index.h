#ifndef SERVE_CHANNEL_MEMBER_INDEX_H
#define SERVE_CHANNEL_MEMBER_INDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Finds the members of a channel by their serials, in logarithmic time. The member that posted a
 * pending message may leave before the message is published or fails. Then its serial is not found.
 */
struct channel;
struct member;

/* Zeroed memory is a valid empty index. To be freed before a member joins or leaves the channel. */
struct member_index {
	struct member **at; /* members by serial; NULL before the first member_index_find */
	size_t count;
};

/* Returns the member with this serial, or NULL if it has left. The first call builds the index. */
struct member *member_index_find(
	struct member_index *index, const struct channel *channel, uint64_t serial);

void member_index_free(struct member_index *index);

#endif
