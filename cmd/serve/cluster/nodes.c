/* The other servers of the cluster, and their users. */
#include "serve/cluster/nodes.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/channel/remote.h"
#include "serve/cluster/roll.h"
#include "serve/util/memory.h"
#include "text/buf.h"
#include "text/err.h"
#include "text/hash.h"
#include "text/span.h"

/* A user that a server has told. */
struct guest {
	UT_hash_handle hh; /* by key */
	struct node *node;
	struct guest *next, *prev; /* in nodes->waiting; valid if user is NULL */
	struct channel *channel; /* valid if user is not NULL */
	struct user *user; /* in the roster of the channel; NULL: it waits */
	int64_t since_ms;
	int64_t seen; /* the node's `wholes` when it was told last */
	uint16_t channel_len;
	uint16_t id_len, name_len;
	char key[]; /* channel, id, name, with a NUL after each */
};

struct node {
	UT_hash_handle hh;
	struct guest *guests; /* uthash */
	int64_t version; /* -1: nothing is known */
	int64_t heard_ms; /* by clock_now_ms */
	int64_t wholes; /* how many times everything was told, or has begun to be told */
	int64_t next_part; /* of ROLL_WHOLE; 0: none is expected */
	char name[ROLL_SERVER_MAX + 1];
};

/* ---- guests ---- */

static size_t
guest_bytes(const struct guest *guest)
{
	return memory_cost(sizeof(*guest) + guest->hh.keylen) + sizeof(UT_hash_bucket);
}

static void
guest_arrive(struct nodes *nodes, struct guest *guest)
{
	const struct claimant log = {.is_log = true};
	const char *id = guest->key + guest->channel_len + 1;

	guest->channel = channels_find(
		nodes->channels, (struct chat_span){guest->key, guest->channel_len}, &log, NULL);
	guest->user = channel_remote_arrive(guest->channel,
		&(struct remote_user){
			.id = {id, guest->id_len},
			.name = {id + guest->id_len + 1, guest->name_len},
			.since_ms = guest->since_ms,
			.server = chat_span_of(guest->node->name),
		});
	if (!guest->user)
		DL_APPEND(nodes->waiting, guest);
	channel_release(guest->channel);
}

static void
guest_leave(struct nodes *nodes, struct guest *guest)
{
	HASH_DEL(guest->node->guests, guest);
	if (guest->user) {
		channel_remote_leave(guest->channel, guest->user);
		channel_release(guest->channel);
	} else {
		DL_DELETE(nodes->waiting, guest);
	}
	nodes->bytes -= guest_bytes(guest);
	free(guest);
}

#define KEY_MAX (CHAT_CHANNEL_MAX + 2 * NONCE_ID_MAX + 3)

/* Writes the key of a guest. Returns its length. */
static size_t
write_key(char key[KEY_MAX], struct chat_span channel, struct chat_span id, struct chat_span name)
{
	const struct chat_span parts[] = {channel, id, name};
	char *at = key;

	for (size_t i = 0; i < 3; i++) {
		memcpy(at, parts[i].at, parts[i].len);
		at += parts[i].len;
		*at++ = '\0';
	}
	return (size_t)(at - key);
}

static void
node_note_user(struct nodes *nodes, struct node *node, const struct roll_line *line)
{
	char key[KEY_MAX];
	size_t len = write_key(key, line->channel, line->id, line->name);
	struct guest *guest;

	HASH_FIND(hh, node->guests, key, len, guest);
	/* With another time it is somebody who has left and come again, which was not heard. */
	if (guest && (!line->here || guest->since_ms != line->since_ms)) {
		guest_leave(nodes, guest);
		guest = NULL;
	}
	if (guest) {
		guest->seen = node->wholes;
	} else if (line->here) {
		guest = chat_alloc_zeroed(1, sizeof(*guest) + len);
		guest->node = node;
		guest->since_ms = line->since_ms;
		guest->seen = node->wholes;
		guest->channel_len = (uint16_t)line->channel.len;
		guest->id_len = (uint16_t)line->id.len;
		guest->name_len = (uint16_t)line->name.len;
		memcpy(guest->key, key, len);
		HASH_ADD_KEYPTR(hh, node->guests, guest->key, len, guest);
		nodes->bytes += guest_bytes(guest);
		guest_arrive(nodes, guest);
	}
}

/* Lets all guests leave that were not told since the last ROLL_WHOLE has begun. */
static void
node_drop_unseen(struct nodes *nodes, struct node *node)
{
	struct guest *guest, *next;

	HASH_ITER(hh, node->guests, guest, next)
	if (guest->seen != node->wholes)
		guest_leave(nodes, guest);
}

/* ---- nodes ---- */

static struct node *
node_of(struct nodes *nodes, struct chat_span name, bool *is_new)
{
	struct node *node;

	HASH_FIND(hh, nodes->by_name, name.at, name.len, node);
	*is_new = !node;
	if (node)
		return node;
	node = chat_alloc_zeroed(1, sizeof(*node));
	memcpy(node->name, name.at, name.len);
	node->version = -1;
	HASH_ADD(hh, nodes->by_name, name, name.len, node);
	nodes->count++;
	nodes->bytes += memory_cost(sizeof(*node));
	return node;
}

static void
node_free(struct nodes *nodes, struct node *node)
{
	node->wholes++;
	node_drop_unseen(nodes, node);
	HASH_DEL(nodes->by_name, node);
	nodes->count--;
	nodes->bytes -= memory_cost(sizeof(*node));
	free(node);
}

static int
hear_lines(struct nodes *nodes, struct node *node, struct chat_span call, struct chat_err *err)
{
	struct roll_line line;

	while (call.len) {
		if (roll_read_line(&call, &line, err) < 0)
			return -1;
		node_note_user(nodes, node, &line);
	}
	return 0;
}

/* Returns true if this is the part of a ROLL_WHOLE that comes next. */
static bool
is_next_part(struct node *node, const struct roll_head *head)
{
	if (head->part == 1) {
		node->wholes++;
		node->next_part = 1;
	}
	if (head->part != node->next_part || head->part < 1 || head->part > head->parts)
		node->next_part = 0;
	return node->next_part != 0;
}

static int
hear_whole(struct nodes *nodes, struct node *node, const struct roll_head *head,
	struct chat_span call, struct chat_err *err)
{
	if (!is_next_part(node, head))
		return 0; /* the beginning was missed; its next beat shows that */
	if (hear_lines(nodes, node, call, err) < 0)
		return -1;
	if (node->next_part++ < head->parts)
		return 0;
	node_drop_unseen(nodes, node);
	node->next_part = 0;
	node->version = head->version;
	return 0;
}

int
nodes_hear(struct nodes *nodes, struct chat_span call, int64_t now_ms, enum nodes_answer *answer,
	bool *is_new, struct chat_err *err)
{
	struct roll_head head;
	struct node *node;

	*answer = NODES_FINE;
	*is_new = false;
	if (roll_read_head(&call, &head, err) < 0)
		return -1;
	node = node_of(nodes, head.server, is_new);
	node->heard_ms = now_ms;
	switch (head.kind) {
	case ROLL_ASK:
		*answer = NODES_TELL;
		return 0;
	case ROLL_BEAT:
		if (node->version != head.version)
			*answer = NODES_ASK;
		return 0;
	case ROLL_CHANGE:
		if (node->version + 1 != head.version)
			return 0; /* its next beat shows that something was missed */
		node->version++;
		return hear_lines(nodes, node, call, err);
	case ROLL_WHOLE:
		return hear_whole(nodes, node, &head, call, err);
	case ROLL_LEAVE:
		node_free(nodes, node);
		return 0;
	}
	return 0;
}

/* ---- the sweep ---- */

/* Gives those who wait their places, where these are free now. */
static void
nodes_seat(struct nodes *nodes)
{
	struct guest *waiting = nodes->waiting, *guest, *next;

	nodes->waiting = NULL;
	DL_FOREACH_SAFE(waiting, guest, next)
	guest_arrive(nodes, guest); /* which may append it to nodes->waiting */
}

void
nodes_sweep(struct nodes *nodes, int64_t since_ms, void (*on_silent)(void *arg, const char *name),
	void *arg)
{
	struct node *node, *next;

	HASH_ITER(hh, nodes->by_name, node, next)
	if (node->heard_ms < since_ms) {
		on_silent(arg, node->name);
		node_free(nodes, node);
	}
	nodes_seat(nodes);
}

void
nodes_displace(struct nodes *nodes, const struct channel *channel, struct user *user)
{
	char key[KEY_MAX];
	size_t len =
		write_key(key, channel_name(channel), (struct chat_span){user->id, user->id_len},
			(struct chat_span){user->name, user->name_len});
	uint32_t left = user->remote; /* the user may be freed with the last one */
	struct node *node, *next;
	struct guest *guest;

	HASH_ITER(hh, nodes->by_name, node, next)
	{
		HASH_FIND(hh, node->guests, key, len, guest);
		if (!left || !guest || guest->user != user)
			continue;
		left--;
		guest->user = NULL;
		DL_APPEND(nodes->waiting, guest);
		channel_remote_leave(guest->channel, user);
	}
}

void
nodes_free(struct nodes *nodes)
{
	struct node *node, *next_node;
	struct guest *guest, *next;

	HASH_ITER(hh, nodes->by_name, node, next_node)
	{
		HASH_ITER(hh, node->guests, guest, next)
		{
			HASH_DEL(node->guests, guest);
			free(guest);
		}
		HASH_DEL(nodes->by_name, node);
		free(node);
	}
	nodes->count = nodes->bytes = 0;
	nodes->waiting = NULL;
}
