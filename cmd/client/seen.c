/*
 * What was printed already. 64 bits of hash an id: that two of the last 8,192 agree by chance
 * happens once in 500 billion histories.
 */
#include "seen.h"

#include <stdlib.h>

#include "buf.h"

void
seen_free(struct seen *seen)
{
	free(seen->hashes);
	*seen = (struct seen){0};
}

/* Of what the id means: the same one may be escaped in another way. */
uint64_t
seen_hash(const struct chat_json_value *id)
{
	struct chat_span rest = chat_json_inside(id);
	uint64_t hash = 0xcbf29ce484222325u;
	char piece[64];
	size_t len;

	while (rest.len > 0) {
		len = chat_json_decode(&rest, piece, sizeof piece);
		for (size_t i = 0; i < len; i++)
			hash = (hash ^ (unsigned char)piece[i]) * 0x100000001b3u;
	}
	return hash ^ hash >> 32;
}

void
seen_add(struct seen *seen, const struct chat_json_value *id)
{
	if (!seen->hashes)
		seen->hashes = chat_alloc(SEEN_MAX * sizeof seen->hashes[0]);
	seen->hashes[seen->next] = seen_hash(id);
	seen->next = (seen->next + 1) % SEEN_MAX;
	if (seen->count < SEEN_MAX)
		seen->count++;
}

bool
seen_has(const struct seen *seen, const struct chat_json_value *id)
{
	uint64_t hash = seen_hash(id);

	for (size_t i = 0; i < seen->count; i++)
		if (seen->hashes[i] == hash)
			return true;
	return false;
}
