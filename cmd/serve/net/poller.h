#ifndef SERVE_NET_POLLER_H
#define SERVE_NET_POLLER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <uv.h>

#include "chat/err.h"

/*
 * Readiness of the connections: an epoll(7) set of their own, which the loop polls as one
 * descriptor. A uv_poll_t for each connection would take 160 bytes of it, and seven more system
 * calls. Level-triggered; a descriptor that is closed leaves the set by itself.
 */
struct poller {
	uv_poll_t poll;
	struct epoll_event *ready; /* of this turn */
	void (*on_ready)(void *arg, uint32_t events);
	size_t ready_count; /* of this turn; between turns, of the last one */
	int fd;
};

/*
 * Opens a poller. For each descriptor that is ready it calls on_ready with the arg that was given
 * to poller_add(), and with EPOLLIN, EPOLLOUT, EPOLLERR and EPOLLHUP. arg must stay valid until the
 * end of the turn in which its descriptor is closed. Returns 0, or -1 with CHAT_INTERNAL.
 */
int poller_open(struct poller *poller, uv_loop_t *loop,
	void (*on_ready)(void *arg, uint32_t events), struct chat_err *err);

/* Closes it. The handle is closed by the loop's next turn. */
void poller_close(struct poller *poller);

/* Watches a descriptor, or watches it for other events. Returns 0, or -1 with errno. */
int poller_add(struct poller *poller, int fd, uint32_t events, void *arg);
int poller_change(struct poller *poller, int fd, uint32_t events, void *arg);

#endif
