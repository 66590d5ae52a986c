/*
 * The first step of a connection. When a listening socket is readable, on_accept is called with
 * the new socket: the server counts the address and starts a session, which calls conn_start().
 */
#include "serve/net/acceptor.h"

#include <stdlib.h>

#include "text/buf.h"
#include "text/err.h"

#define RETRY_MS 100 /* the delay after LISTENER_STUCK */

struct acceptor {
	uv_poll_t poll;
	uv_timer_t retry;
	struct acceptors *all; /* the set that this acceptor belongs to */
	const struct listener *listener;
};

static void on_readable(uv_poll_t *poll, int status, int events);

static void
on_retry(uv_timer_t *timer)
{
	struct acceptor *acceptor = timer->data;

	uv_poll_start(&acceptor->poll, UV_READABLE, on_readable);
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	struct acceptor *acceptor = poll->data;
	struct acceptors *all = acceptor->all;

	(void)status;
	(void)events;
	for (unsigned i = 0; i < all->at_once; i++) {
		struct sockaddr_storage peer;
		int fd = listener_accept(all->listeners, acceptor->listener, &peer);

		if (fd >= 0) {
			all->on_accept(all->arg, acceptor->listener, fd, &peer);
		} else if (fd == LISTENER_EMPTY) {
			return;
		} else if (fd == LISTENER_STUCK) {
			uv_poll_stop(poll);
			uv_timer_start(&acceptor->retry, on_retry, RETRY_MS, 0);
			return;
		}
	}
}

int
acceptors_open(struct acceptors *acceptors, uv_loop_t *loop, struct chat_err *err)
{
	struct listeners *listeners = acceptors->listeners;

	acceptors->at = chat_alloc_zeroed(listeners->count, sizeof(*acceptors->at));
	for (size_t i = 0; i < listeners->count; i++) {
		struct acceptor *acceptor = &acceptors->at[i];
		int status = uv_poll_init(loop, &acceptor->poll, listeners->at[i].fd);

		if (status < 0)
			return chat_fail(err, CHAT_CANNOT_CONNECT, "cannot listen on %s: %s",
				listeners->at[i].url, uv_strerror(status));
		uv_timer_init(loop, &acceptor->retry);
		acceptor->poll.data = acceptor->retry.data = acceptor;
		acceptor->all = acceptors;
		acceptor->listener = &listeners->at[i];
		uv_poll_start(&acceptor->poll, UV_READABLE, on_readable); /* calls on_accept */
		acceptors->count++;
	}
	return 0;
}

void
acceptors_stop(struct acceptors *acceptors)
{
	for (size_t i = 0; i < acceptors->count; i++) {
		uv_poll_stop(&acceptors->at[i].poll);
		uv_timer_stop(&acceptors->at[i].retry);
	}
}

void
acceptors_free(struct acceptors *acceptors)
{
	free(acceptors->at);
	acceptors->at = NULL;
	acceptors->count = 0;
}
