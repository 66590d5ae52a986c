#ifndef SERVE_CLUSTER_NODES_H
#define SERVE_CLUSTER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/channel/channel.h"

/*
 * The other servers of the cluster, and the users that each of them has told (roll.h). A user that
 * several servers tell is on each of them.
 */
struct node;
struct guest;

struct nodes {
	struct node *by_name; /* uthash */
	size_t count;
	size_t bytes; /* memory of all servers and of what they have told */
	/* utlist: users without a place in their roster; their id or name belongs to another. */
	struct guest *waiting;
	struct channels *channels; /* borrowed */
};

/* The next step after a call. */
enum nodes_answer {
	NODES_FINE,
	NODES_ASK, /* something was missed: the server is to be asked */
	NODES_TELL /* the server has asked: everything is to be told */
};

/* Does what the call of another server says, or returns -1. now_ms: by clock_now_ms. *is_new is
 * set to true if the server was not known. */
int nodes_hear(struct nodes *nodes, struct chat_span call, int64_t now_ms,
	enum nodes_answer *answer, bool *is_new, struct chat_err *err);

/*
 * Forgets the servers that were not heard since this time: their users leave. Calls on_silent for
 * each. Tries to give those who wait their places.
 */
void nodes_sweep(struct nodes *nodes, int64_t since_ms,
	void (*on_silent)(void *arg, const char *name), void *arg);

/* Forgets that this user is on other servers; it waits from now on. See channel_log.expel. */
void nodes_displace(struct nodes *nodes, const struct channel *channel, struct user *user);

/* Frees everything without a word to the channels. */
void nodes_free(struct nodes *nodes);

#endif
