#ifndef SERVE_NET_ACCEPTOR_H
#define SERVE_NET_ACCEPTOR_H

#include <stddef.h>
#include <sys/socket.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/net/listener.h"

/*
 * Takes the connections that come in on listeners: a few of each in a turn of the loop, and where
 * the system has no descriptors or no memory left, none for a moment.
 */
struct acceptor;

struct acceptors {
	struct listeners *listeners; /* borrowed */
	struct acceptor *at; /* one for each listener */
	size_t count; /* of those that are open */
	unsigned at_once; /* of one listener in one turn */
	/* The socket is the callee's. */
	void (*take)(void *arg, const struct listener *listener, int fd,
		const struct sockaddr_storage *peer);
	void *arg;
};

/* The caller has filled in all but `at` and `count`. -1 with CHAT_CANNOT_CONNECT. */
int acceptors_open(struct acceptors *acceptors, uv_loop_t *loop, struct chat_err *err);

/* Takes no more. */
void acceptors_stop(struct acceptors *acceptors);

/* Its handles are closed by now, or never were opened; the listeners are not closed. */
void acceptors_free(struct acceptors *acceptors);

#endif
