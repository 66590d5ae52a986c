/*
 * The users of a channel, in two search trees, by id and by name. So joins are fast in a channel
 * with many users.
 */
#include "serve/channel/roster.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "message/encode.h"
#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/err.h"

static int
compare_bytes(const char *a, uint32_t a_len, const char *b, uint32_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int
compare_ids(const void *a, const void *b)
{
	const struct user *one = a, *other = b;

	return compare_bytes(one->id, one->id_len, other->id, other->id_len);
}

static int
compare_names(const void *a, const void *b)
{
	const struct user *one = a, *other = b;

	return compare_bytes(one->name, one->name_len, other->name, other->name_len);
}

/* Returns the user of a node of tsearch(3), or NULL if node is NULL. */
static struct user *
user_of_node(void *node)
{
	return node ? *(struct user **)node : NULL;
}

struct user *
roster_find_id(struct roster *roster, struct chat_span id)
{
	struct user key = {.id = id.at, .id_len = (uint32_t)id.len};

	return user_of_node(tfind(&key, &roster->by_id, compare_ids));
}

struct user *
roster_find_name(struct roster *roster, struct chat_span name)
{
	struct user key = {.name = name.at, .name_len = (uint32_t)name.len};

	return user_of_node(tfind(&key, &roster->by_name, compare_names));
}

/*
 * Makes a user in one allocation. If the name needs no escapes in JSON, `name` points into
 * name_json.
 */
static struct user *
user_new(struct chat_span id, struct chat_span name)
{
	char *json = chat_encode_string(name), *at;
	size_t json_len = strlen(json);
	bool plain = json_len == name.len + 2;
	struct user *user = chat_alloc_zeroed(
		1, sizeof(*user) + id.len + 1 + json_len + 1 + (plain ? 0 : name.len + 1));

	user->id = memcpy(user->bytes, id.at, id.len);
	user->id_len = (uint32_t)id.len;
	at = user->bytes + id.len + 1;
	user->name_json = memcpy(at, json, json_len);
	user->name_json_len = (uint32_t)json_len;
	user->name = plain ? at + 1 : memcpy(at + json_len + 1, name.at, name.len);
	user->name_len = (uint32_t)name.len;
	free(json);
	return user;
}

#define TREE_NODE_BYTES 24 /* of tsearch(3) in the C library */

/* Returns the memory of a user, with the nodes of both trees. */
static size_t
user_cost(const struct user *user)
{
	bool plain = user->name == user->name_json + 1;

	return memory_cost(sizeof(*user) + user->id_len + 1 + user->name_json_len + 1 +
		       (plain ? 0 : user->name_len + 1)) +
		2 * memory_cost(TREE_NODE_BYTES);
}

struct user *
roster_claim(
	struct roster *roster, struct chat_span id, struct chat_span name, struct chat_err *err)
{
	struct user *user = roster_find_id(roster, id);

	if (user && !chat_span_equal(name, (struct chat_span){user->name, user->name_len})) {
		chat_fail(err, CHAT_ID_TAKEN, "this id is connected under another username");
		return NULL;
	}
	if (!user && roster_find_name(roster, name)) {
		chat_fail(err, CHAT_USERNAME_TAKEN, "this username belongs to another id");
		return NULL;
	}
	if (!user) {
		user = user_new(id, name);
		if (!tsearch(user, &roster->by_id, compare_ids) ||
			!tsearch(user, &roster->by_name, compare_names))
			chat_out_of_memory();
		roster->count++;
		roster->bytes += user_cost(user);
	}
	return user;
}

void
roster_show(struct roster *roster, struct user *user)
{
	user->present = true;
	DL_APPEND(roster->first, user);
	roster->present++;
}

void
roster_hide(struct roster *roster, struct user *user)
{
	user->present = false;
	DL_DELETE(roster->first, user);
	roster->present--;
}

void
roster_remove(struct roster *roster, struct user *user)
{
	if (user->present)
		roster_hide(roster, user);
	tdelete(user, &roster->by_id, compare_ids);
	tdelete(user, &roster->by_name, compare_names);
	roster->count--;
	roster->bytes -= user_cost(user);
	free(user);
}

struct user *
roster_any(const struct roster *roster)
{
	return user_of_node(roster->by_id); /* the root of the tree */
}

void
roster_free(struct roster *roster)
{
	while (roster->by_id)
		roster_remove(roster, roster_any(roster));
}
