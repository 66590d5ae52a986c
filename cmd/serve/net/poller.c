/* Waits for connections and for the loop, and reports the connections that are ready. */
#include "serve/net/poller.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/err.h"

#define READY_MAX 1024 /* connections in one turn; the others are reported in the next turn */

int
poller_open(struct poller *poller, uv_loop_t *loop, void (*on_ready)(void *arg, uint32_t events),
	struct chat_err *err)
{
	*poller = (struct poller){.loop = loop, .on_ready = on_ready};
	poller->fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->fd < 0)
		return chat_fail(err, CHAT_INTERNAL, "epoll_create1: %m");
	if (poller_add(poller, uv_backend_fd(loop), EPOLLIN, NULL) < 0) {
		chat_fail(err, CHAT_INTERNAL, "epoll_ctl: %m");
		close(poller->fd);
		return -1;
	}
	poller->ready = chat_alloc(READY_MAX * sizeof(*poller->ready));
	return 0;
}

void
poller_close(struct poller *poller)
{
	close(poller->fd);
	free(poller->ready);
}

/* The loop's timeout is 0 if it has to run now: a timer is due, or it watches a new descriptor. */
void
poller_wait(struct poller *poller, bool block)
{
	int timeout_ms = block ? uv_backend_timeout(poller->loop) : 0;
	int count = epoll_wait(poller->fd, poller->ready, READY_MAX, timeout_ms);

	poller->ready_count = count > 0 ? (size_t)count : 0; /* a signal interrupts */
}

void
poller_handle(struct poller *poller)
{
	bool loop_is_ready = false;

	uv_update_time(poller->loop);
	for (size_t i = 0; i < poller->ready_count; i++) {
		const struct epoll_event *event = &poller->ready[i];

		if (event->data.ptr)
			poller->on_ready(event->data.ptr, event->events);
		else
			loop_is_ready = true;
	}
	if (loop_is_ready || uv_backend_timeout(poller->loop) == 0)
		uv_run(poller->loop, UV_RUN_NOWAIT);
}

static int
control(struct poller *poller, int operation, int fd, uint32_t events, void *arg)
{
	struct epoll_event event = {.events = events, .data.ptr = arg};

	return epoll_ctl(poller->fd, operation, fd, &event);
}

int
poller_add(struct poller *poller, int fd, uint32_t events, void *arg)
{
	return control(poller, EPOLL_CTL_ADD, fd, events, arg);
}

int
poller_change(struct poller *poller, int fd, uint32_t events, void *arg)
{
	return control(poller, EPOLL_CTL_MOD, fd, events, arg);
}

void
poller_remove(struct poller *poller, int fd)
{
	control(poller, EPOLL_CTL_DEL, fd, 0, NULL);
}
