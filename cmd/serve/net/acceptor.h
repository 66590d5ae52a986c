#ifndef SERVE_NET_ACCEPTOR_H
#define SERVE_NET_ACCEPTOR_H

#include <stddef.h>
#include <sys/socket.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/net/listener.h"

/*
 * Accepts the connections of all listeners, at most at_once of each listener in a turn of the loop.
 * When the system has no descriptor or no memory left, that listener pauses for a moment.
 */
struct acceptor;

struct acceptors {
	struct listeners *listeners; /* borrowed */
	struct acceptor *at; /* owned; one for each listener */
	size_t count; /* the number of open acceptors */
	unsigned at_once; /* the most connections accepted from one listener in one turn */
	/* Called for each accepted connection. The callee owns fd; *peer is valid in the call. */
	void (*on_accept)(void *arg, const struct listener *listener, int fd,
		const struct sockaddr_storage *peer);
	void *arg;
};

/*
 * Begins to accept. The caller fills in all other fields first; `at` and `count` must be zero.
 * Returns 0, or -1 with CHAT_CANNOT_CONNECT. The caller must call acceptors_free() in both cases.
 */
int acceptors_open(struct acceptors *acceptors, uv_loop_t *loop, struct chat_err *err);

/* Stops accepting. The handles stay open. */
void acceptors_stop(struct acceptors *acceptors);

/* Frees the acceptors. The loop must have closed their handles. The listeners stay open. */
void acceptors_free(struct acceptors *acceptors);

#endif
