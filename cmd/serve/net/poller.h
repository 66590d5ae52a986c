#ifndef SERVE_NET_POLLER_H
#define SERVE_NET_POLLER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <uv.h>

#include "chat/err.h"

/*
 * An epoll(7) set of the connections, which the loop polls as one descriptor. A uv_poll_t would
 * need 160 bytes and seven more system calls for each connection. The set is level-triggered. A
 * descriptor is removed from the set when it is closed.
 */
struct poller {
	uv_poll_t poll;
	struct epoll_event *ready; /* owned; the events of the last epoll_wait(2) */
	void (*on_ready)(void *arg, uint32_t events);
	size_t ready_count; /* the number of events in ready */
	int fd; /* owned; the epoll set */
};

/*
 * Opens a poller. For each ready descriptor it calls on_ready with the arg of poller_add() and the
 * bits EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. After a descriptor is closed, its arg must stay valid
 * until the end of the turn. Returns 0, or -1 with CHAT_INTERNAL.
 */
int poller_open(struct poller *poller, uv_loop_t *loop,
	void (*on_ready)(void *arg, uint32_t events), struct chat_err *err);

/* Closes the poller. *poller must stay valid for the loop's next turn, which ends the handle. */
void poller_close(struct poller *poller);

/*
 * poller_add() watches a descriptor for these events; poller_change() replaces the events and arg
 * of a watched descriptor. Return 0, or -1 with errno.
 */
int poller_add(struct poller *poller, int fd, uint32_t events, void *arg);
int poller_change(struct poller *poller, int fd, uint32_t events, void *arg);

#endif
