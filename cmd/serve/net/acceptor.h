#ifndef SERVE_NET_ACCEPTOR_H
#define SERVE_NET_ACCEPTOR_H

#include <stddef.h>
#include <sys/socket.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/net/listener.h"

/*
 * Accepts the connections of all listeners: a few of each listener in a turn of the loop. When the
 * system has no descriptors or no memory left, it waits a moment.
 */
struct acceptor;

struct acceptors {
	struct listeners *listeners; /* borrowed */
	struct acceptor *at; /* one for each listener */
	size_t count; /* of those that are open */
	unsigned at_once; /* the most connections accepted of one listener in one turn */
	/* Called with each connection. The callee owns the socket. */
	void (*on_accept)(void *arg, const struct listener *listener, int fd,
		const struct sockaddr_storage *peer);
	void *arg;
};

/*
 * Begins to accept. The caller has filled in all fields but `at` and `count`. Returns 0, or -1 with
 * CHAT_CANNOT_CONNECT; acceptors_free() is due in both cases.
 */
int acceptors_open(struct acceptors *acceptors, uv_loop_t *loop, struct chat_err *err);

/* Accepts no more. */
void acceptors_stop(struct acceptors *acceptors);

/*
 * Frees the acceptors. Their handles must be closed, or never opened. The listeners stay
 * open.
 */
void acceptors_free(struct acceptors *acceptors);

#endif
