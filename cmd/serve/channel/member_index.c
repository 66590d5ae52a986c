/* Used by publish.c and rollback.c, which answer the members that posted a message. */
#include "serve/channel/member_index.h"

#include <stdlib.h>

#include "serve/channel/channel.h"
#include "text/buf.h"

/* The list of members is in the order of their serials. */
static void
member_index_make(struct member_index *index, const struct channel *channel)
{
	index->at = chat_alloc((channel->members.count + 1) * sizeof(*index->at));
	for (struct member *member = channel->members.first; member; member = member->next)
		index->at[index->count++] = member;
}

struct member *
member_index_find(struct member_index *index, const struct channel *channel, uint64_t serial)
{
	size_t low = 0, high;

	if (!index->at)
		member_index_make(index, channel);
	high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->at[middle]->serial < serial)
			low = middle + 1;
		else
			high = middle;
	}
	return low < index->count && index->at[low]->serial == serial ? index->at[low] : NULL;
}

void
member_index_free(struct member_index *index)
{
	free(index->at);
}
