#ifndef SERVE_NET_POLLER_H
#define SERVE_NET_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <uv.h>

#include "chat/err.h"

/*
 * An epoll(7) set of the connections, in which the loop's own descriptors are one more. A turn of
 * the server waits for this set, once. The loop runs only in the turns in which one of its
 * descriptors is ready or one of its timers is due; most turns have messages alone. (A uv_poll_t
 * for each connection would need 160 bytes and seven more system calls.) The set is
 * level-triggered. A descriptor is removed from the set when it is closed, or by poller_remove().
 */
struct poller {
	uv_loop_t *loop; /* borrowed */
	struct epoll_event *ready; /* owned; the events of the last poller_wait() */
	void (*on_ready)(void *arg, uint32_t events);
	size_t ready_count; /* the number of events in ready */
	int fd; /* owned; the epoll set */
};

/*
 * Opens a poller, and makes it the one that turns the loop: nobody else may call uv_run() until
 * poller_close(). For each ready descriptor poller_handle() calls on_ready with the arg of
 * poller_add(), which is not NULL, and the bits EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP. After a
 * descriptor is closed, its arg must stay valid until the end of the turn. Returns 0, or -1 with
 * CHAT_INTERNAL.
 */
int poller_open(struct poller *poller, uv_loop_t *loop,
	void (*on_ready)(void *arg, uint32_t events), struct chat_err *err);
void poller_close(struct poller *poller);

/* Waits until there is something for poller_handle(). If block is false, it does not wait. */
void poller_wait(struct poller *poller, bool block);

/*
 * Sets the loop's time. Calls on_ready for what the last poller_wait() has found, and then the
 * callbacks of the loop that are due.
 */
void poller_handle(struct poller *poller);

/*
 * poller_add() watches a descriptor for these events; poller_change() replaces the events and arg
 * of a watched descriptor. Return 0, or -1 with errno.
 */
int poller_add(struct poller *poller, int fd, uint32_t events, void *arg);
int poller_change(struct poller *poller, int fd, uint32_t events, void *arg);

/* Watches a descriptor no more that stays open. To be called after poller_handle() only. */
void poller_remove(struct poller *poller, int fd);

#endif
