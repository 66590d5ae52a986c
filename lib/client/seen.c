/*
 * A 64-bit hash of each id is kept. Two of the last 8,192 ids agree by chance once in 500
 * billion histories. A hash table with chains finds them fast, because every message of a history
 * is looked up.
 */
#include "client/seen.h"

#include <stdlib.h>
#include <string.h>

#include "text/buf.h"

#define NOBODY SEEN_MAX

struct seen_ring {
	uint64_t hash[SEEN_MAX];
	uint16_t next[SEEN_MAX]; /* the next place in the same chain; NOBODY: none */
	uint16_t first[SEEN_MAX]; /* the first place in each chain */
};

void
chat_seen_free(struct seen *seen)
{
	free(seen->ring);
	*seen = (struct seen){0};
}

static uint64_t
hash_add(uint64_t hash, const char *bytes, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, bytes, len);
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t
hash_of(struct chat_span bytes)
{
	uint64_t hash = bytes.len;
	size_t at = 0;

	for (; bytes.len - at > sizeof(hash); at += sizeof(hash))
		hash = hash_add(hash, bytes.at + at, sizeof(hash));
	hash = hash_add(hash, bytes.at + at, bytes.len - at);
	return hash ^ hash >> 32;
}

uint64_t
chat_seen_hash(const struct chat_json_value *id)
{
	struct chat_span decoded;
	uint64_t hash;
	char *room;

	if (!id->escaped)
		return hash_of(chat_json_inside(id));
	room = chat_alloc(id->raw.len);
	decoded = (struct chat_span){room, chat_json_unescape(id, room, id->raw.len)};
	hash = hash_of(decoded);
	free(room);
	return hash;
}

static uint16_t *
chain_of(struct seen_ring *ring, uint64_t hash)
{
	return &ring->first[hash % SEEN_MAX];
}

static void
ring_new(struct seen *seen)
{
	seen->ring = chat_alloc(sizeof(*seen->ring));
	for (size_t i = 0; i < SEEN_MAX; i++)
		seen->ring->first[i] = NOBODY;
}

/* Removes a place from its chain. */
static void
ring_forget(struct seen_ring *ring, uint16_t place)
{
	uint16_t *link = chain_of(ring, ring->hash[place]);

	while (*link != place)
		link = &ring->next[*link];
	*link = ring->next[place];
}

void
chat_seen_add(struct seen *seen, const struct chat_json_value *id)
{
	uint16_t place = (uint16_t)seen->next, *first;
	uint64_t hash = chat_seen_hash(id);

	if (!seen->ring)
		ring_new(seen);
	if (seen->count == SEEN_MAX)
		ring_forget(seen->ring, place);
	else
		seen->count++;
	first = chain_of(seen->ring, hash);
	seen->ring->hash[place] = hash;
	seen->ring->next[place] = *first;
	*first = place;
	seen->next = (seen->next + 1) % SEEN_MAX;
}

bool
chat_seen_has(const struct seen *seen, const struct chat_json_value *id)
{
	uint64_t hash = chat_seen_hash(id);

	if (!seen->ring)
		return false;
	for (uint16_t i = *chain_of(seen->ring, hash); i != NOBODY; i = seen->ring->next[i])
		if (seen->ring->hash[i] == hash)
			return true;
	return false;
}
