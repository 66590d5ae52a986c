/*
 * The choice of the connections to evict when all connections together exceed a limit
 * (slow_reader.c, receive_limit.c). Each round sorts the connections once, and evicts those with
 * more than half of the highest rank, so that there are few rounds.
 */
#include "serve/net/evict.h"

#include <stdint.h>
#include <stdlib.h>

#include "serve/net/conn.h"
#include "text/buf.h"

struct holder {
	struct conn *conn;
	uintptr_t owner;
	size_t bytes;
	size_t place; /* the number of newer connections; of equal ones the newest goes first */
	size_t rank; /* the bytes of this connection and of all smaller ones of the same owner */
};

/* For qsort(3): orders by owner, then by bytes, the smallest first, of equal ones the oldest. */
static int
compare_owners(const void *a, const void *b)
{
	const struct holder *one = a, *other = b;

	if (one->owner != other->owner)
		return one->owner < other->owner ? -1 : 1;
	if (one->bytes != other->bytes)
		return one->bytes < other->bytes ? -1 : 1;
	return (one->place < other->place) - (one->place > other->place);
}

/* For qsort(3): orders by rank, the highest first, of equal ones the newest. */
static int
compare_ranks(const void *a, const void *b)
{
	const struct holder *one = a, *other = b;

	if (one->rank != other->rank)
		return one->rank > other->rank ? -1 : 1;
	return (one->place > other->place) - (one->place < other->place);
}

/*
 * Fills holders with the connections that hold more than 0 bytes. Returns their number. A
 * connection without an owner counts as its own owner.
 */
static size_t
holders_gather(struct holder *holders, const struct conns *conns, const struct eviction *eviction)
{
	size_t count = 0, place = 0;

	for (struct conn *conn = conns->all; conn; conn = conn->next, place++) {
		size_t bytes = eviction->bytes_of(conn);
		const void *owner = bytes ? conns->events->owner(conn) : NULL;

		if (bytes)
			holders[count++] = (struct holder){
				.conn = conn,
				.owner = (uintptr_t)(owner ? owner : conn),
				.bytes = bytes,
				.place = place,
			};
	}
	return count;
}

static void
holders_rank(struct holder *holders, size_t count)
{
	qsort(holders, count, sizeof(*holders), compare_owners);
	for (size_t i = 0; i < count; i++) {
		holders[i].rank = holders[i].bytes;
		if (i && holders[i - 1].owner == holders[i].owner)
			holders[i].rank += holders[i - 1].rank;
	}
	qsort(holders, count, sizeof(*holders), compare_ranks);
}

void
evict_largest(struct conns *conns, const struct eviction *eviction)
{
	struct holder *holders;
	size_t count = 1;

	if (eviction->fits(conns))
		return;
	holders = chat_alloc(conns->count * sizeof(*holders));
	while (count && !eviction->fits(conns)) {
		count = holders_gather(holders, conns, eviction);
		holders_rank(holders, count);
		for (size_t i = 0; i < count && holders[i].rank > holders[0].rank / 2 &&
			!eviction->fits(conns);
			i++)
			eviction->evict(holders[i].conn);
	}
	free(holders);
}
