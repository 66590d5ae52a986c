#ifndef SERVE_NET_POLLER_H
#define SERVE_NET_POLLER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <uv.h>

#include "chat/err.h"

/*
 * Readiness of the connections: an epoll(7) set of their own, which the loop polls as one
 * descriptor. A uv_poll_t for each would be 160 bytes and seven more system calls for every
 * connection that comes and goes. Level-triggered; a closed descriptor leaves by itself.
 */
struct poller {
	uv_poll_t poll;
	struct epoll_event *ready; /* of this turn */
	void (*on_ready)(void *arg, uint32_t events);
	size_t ready_count; /* of this turn, or of the last one */
	int fd;
};

/* on_ready is called with what poller_add was given, EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP.
 * Whatever arg points to must outlive the turn in which its descriptor is closed. */
int poller_open(struct poller *poller, uv_loop_t *loop,
	void (*on_ready)(void *arg, uint32_t events), struct chat_err *err);
void poller_close(struct poller *poller); /* its handle closes with the loop's next turn */

/* 0, or -1 with errno. */
int poller_add(struct poller *poller, int fd, uint32_t events, void *arg);
int poller_change(struct poller *poller, int fd, uint32_t events, void *arg);

#endif
