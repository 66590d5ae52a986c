/* The order in which the servers of a list are tried, and the end of a round of attempts. */
#include "client/rotation.h"

static uint32_t
bit(size_t server)
{
	return UINT32_C(1) << server;
}

void
chat_rotation_begin(struct rotation *rotation, size_t count, size_t at)
{
	*rotation = (struct rotation){.count = count, .at = at};
}

void
chat_rotation_joined(struct rotation *rotation)
{
	rotation->told &= ~bit(rotation->at);
}

void
chat_rotation_begin_round(struct rotation *rotation)
{
	rotation->tried = rotation->refused = 0;
}

bool
chat_rotation_fail(struct rotation *rotation, bool refused)
{
	bool is_new = refused && !(rotation->told & bit(rotation->at));

	rotation->tried |= bit(rotation->at);
	if (refused) {
		rotation->refused |= bit(rotation->at);
		rotation->told |= bit(rotation->at);
	}
	return is_new;
}

/* Returns the next server that was not tried in this round and may be tried now, else count. */
static size_t
find_next(const struct rotation *rotation, int64_t now_ms)
{
	for (size_t i = 1; i < rotation->count; i++) {
		size_t server = (rotation->at + i) % rotation->count;

		if (!(rotation->tried & bit(server)) && rotation->not_before_ms[server] <= now_ms)
			return server;
	}
	return rotation->count;
}

bool
chat_rotation_has_more(const struct rotation *rotation, int64_t now_ms)
{
	return find_next(rotation, now_ms) < rotation->count;
}

bool
chat_rotation_all_refused(const struct rotation *rotation)
{
	return rotation->refused == bit(rotation->count) - 1;
}

/* Returns the server that may be tried first: the next one of those for which there is no wait. */
static size_t
find_first(const struct rotation *rotation, int64_t now_ms)
{
	size_t first = (rotation->at + 1) % rotation->count;

	for (size_t i = 0; i < rotation->count; i++) {
		size_t server = (rotation->at + 1 + i) % rotation->count;

		if (rotation->not_before_ms[server] <= now_ms)
			return server;
		if (rotation->not_before_ms[server] < rotation->not_before_ms[first])
			first = server;
	}
	return first;
}

void
chat_rotation_move(struct rotation *rotation, int64_t now_ms)
{
	size_t next = find_next(rotation, now_ms);

	if (next == rotation->count) {
		chat_rotation_begin_round(rotation);
		next = find_first(rotation, now_ms);
	}
	rotation->at = next;
}
