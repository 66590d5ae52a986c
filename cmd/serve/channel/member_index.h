#ifndef SERVE_CHANNEL_MEMBER_INDEX_H
#define SERVE_CHANNEL_MEMBER_INDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * The members of a channel by their serials, for one walk over what some of them are to be told.
 * Zeroed it is empty; it is made when it is first asked, and holds while nobody joins or leaves.
 */
struct member;
struct channel;

struct member_index {
	struct member **at; /* in the order of their serials; NULL: not made yet */
	size_t count;
};

/* The member of this serial, or NULL: it has gone. */
struct member *member_index_find(
	struct member_index *index, const struct channel *channel, uint64_t serial);
void member_index_free(struct member_index *index);

#endif
