/*
 * Finds the duplicate keys of all objects in a line, for strict checking. Without strict, only
 * duplicates of known properties are errors, and msg.c finds them. This file allocates memory for
 * the keys of the open objects.
 */
#include "message/duplicate_keys.h"

#include <stdlib.h>

#include "chat/json.h"

/* A key of an object that has not ended. */
struct key {
	struct chat_span name; /* decoded */
	size_t offset; /* of the opening quote in the line */
	char *owned; /* the memory of the decoded name; NULL if name points into the line */
};

struct level {
	bool object;
	size_t first; /* the index of its first key in walk.keys */
};

/* The containers around the cursor, outermost first, and the keys that were read of the objects
 * among them. */
struct walk {
	struct chat_json json;
	struct level *levels; /* CHAT_JSON_DEPTH elements; those below json.depth are valid */
	struct key *keys;
	size_t count, cap;
	struct chat_duplicate_keys *found;
	size_t found_cap;
	bool no_memory;
};

/*
 * Returns the array, or a larger copy of it if its `count` elements of this size fill its memory.
 * NULL: there is no memory; the array is unchanged.
 */
static void *
grown(struct walk *walk, void *array, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;

	if (count < *cap)
		return array;
	array = realloc(array, more * size);
	if (array)
		*cap = more;
	else
		walk->no_memory = true;
	return array;
}

/* Returns 0, or -1 if there is no memory. */
static int
key_add(struct walk *walk, const struct chat_json_value *string)
{
	struct key key = {
		.name = chat_json_inside(string),
		.offset = (size_t)(string->raw.at - walk->json.start),
	};
	struct key *keys = grown(walk, walk->keys, walk->count, &walk->cap, sizeof(key));

	if (!keys)
		return -1;
	walk->keys = keys;
	if (string->escaped) {
		key.owned = malloc(string->raw.len);
		if (!key.owned) {
			walk->no_memory = true;
			return -1;
		}
		key.name.len = chat_json_unescape(string, key.owned, string->raw.len);
		key.name.at = key.owned;
	}
	walk->keys[walk->count++] = key;
	return 0;
}

static int
compare_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	int order;

	if (a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	order = a->name.len ? memcmp(a->name.at, b->name.at, a->name.len) : 0;
	if (order != 0)
		return order;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static void
found_add(struct walk *walk, size_t offset)
{
	struct chat_duplicate_keys *found = walk->found;
	size_t *offsets =
		grown(walk, found->offset, found->count, &walk->found_cap, sizeof(*offsets));

	if (!offsets)
		return;
	found->offset = offsets;
	found->offset[found->count++] = offset;
}

/* Adds the duplicates among the keys from index `first` on, which are those of one object, to the
 * result, and removes these keys. */
static void
keys_close(struct walk *walk, size_t first)
{
	size_t count = walk->count - first;
	struct key *keys;

	if (count == 0)
		return;
	keys = walk->keys + first;
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (chat_span_equal(keys[i - 1].name, keys[i].name))
			found_add(walk, keys[i].offset);
	for (size_t i = 0; i < count; i++)
		free(keys[i].owned);
	walk->count = first;
}

static int
enter(struct walk *walk, enum chat_json_kind kind, bool *first)
{
	if (chat_json_enter(&walk->json, first, NULL))
		return -1;
	walk->levels[walk->json.depth - 1] =
		(struct level){.object = kind == CHAT_JSON_OBJECT, .first = walk->count};
	return 0;
}

/* Reads the next value; if it is a container, only enters it. Returns 0, or -1 at a JSON error. */
static int
walk_value(struct walk *walk, bool *first)
{
	struct chat_json_value value;
	enum chat_json_kind kind;

	if (chat_json_peek(&walk->json, &kind, NULL))
		return -1;
	if (kind >= CHAT_JSON_ARRAY)
		return enter(walk, kind, first);
	return chat_json_read(&walk->json, &value, NULL);
}

/* Reads one value or the end of a container. Returns 0, or -1 at a JSON error or without memory. */
static int
walk_step(struct walk *walk, bool *first)
{
	const struct level *level = &walk->levels[walk->json.depth - 1];
	struct chat_json_value key;
	int more = level->object ? chat_json_member(&walk->json, first, &key, NULL)
				 : chat_json_element(&walk->json, first, NULL);

	if (more < 0)
		return -1;
	if (more == 0) {
		keys_close(walk, level->first);
		*first = false;
		return 0;
	}
	if (level->object && key_add(walk, &key))
		return -1;
	return walk_value(walk, first);
}

static int
compare_offsets(const void *left, const void *right)
{
	const size_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

int
chat_duplicate_keys_find(struct chat_duplicate_keys *keys, struct chat_span line)
{
	struct walk walk = {.found = keys};
	bool first;

	*keys = (struct chat_duplicate_keys){NULL, 0};
	walk.levels = malloc(CHAT_JSON_DEPTH * sizeof(*walk.levels));
	if (!walk.levels)
		return -1;
	chat_json_begin(&walk.json, line);
	if (walk_value(&walk, &first) == 0)
		while (walk.json.depth > 0 && walk_step(&walk, &first) == 0)
			;
	for (unsigned depth = walk.json.depth; depth > 0; depth--)
		keys_close(&walk, walk.levels[depth - 1].first);
	free(walk.levels);
	free(walk.keys);
	if (keys->count > 1)
		qsort(keys->offset, keys->count, sizeof(*keys->offset), compare_offsets);
	return walk.no_memory ? -1 : 0;
}

void
chat_duplicate_keys_free(struct chat_duplicate_keys *keys)
{
	free(keys->offset);
	*keys = (struct chat_duplicate_keys){NULL, 0};
}
