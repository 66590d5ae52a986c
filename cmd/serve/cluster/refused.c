/* Remembers for a moment whose messages were given up. */
#include "serve/cluster/refused.h"

#include <stdlib.h>

#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/hash.h"

struct refused_sender {
	UT_hash_handle hh; /* uthash keeps the order in which they were added */
	uint64_t serial; /* of the member */
	int64_t until_ms;
};

static void
forget(struct refused *refused, struct refused_sender *sender)
{
	HASH_DEL(refused->by_serial, sender);
	free(sender);
}

/* Forgets those whose time is over. */
static void
expire(struct refused *refused, int64_t now_ms)
{
	while (refused->by_serial && refused->by_serial->until_ms <= now_ms)
		forget(refused, refused->by_serial);
}

static struct refused_sender *
find(const struct refused *refused, uint64_t serial)
{
	struct refused_sender *sender;

	HASH_FIND(hh, refused->by_serial, &serial, sizeof(serial), sender);
	return sender;
}

void
refused_add(struct refused *refused, uint64_t serial, int64_t now_ms)
{
	struct refused_sender *sender;

	expire(refused, now_ms);
	if (!serial || find(refused, serial))
		return;
	sender = chat_alloc(sizeof(*sender));
	*sender = (struct refused_sender){.serial = serial, .until_ms = now_ms + REFUSED_MS};
	HASH_ADD(hh, refused->by_serial, serial, sizeof(serial), sender);
}

bool
refused_has(struct refused *refused, uint64_t serial, int64_t now_ms)
{
	if (!refused->by_serial)
		return false;
	expire(refused, now_ms);
	return find(refused, serial) != NULL;
}

size_t
refused_memory(const struct refused *refused)
{
	return HASH_COUNT(refused->by_serial) * memory_cost(sizeof(struct refused_sender));
}

void
refused_free(struct refused *refused)
{
	while (refused->by_serial)
		forget(refused, refused->by_serial);
}
