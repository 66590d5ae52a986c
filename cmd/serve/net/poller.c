/* Reports the connections that are readable or writable. */
#include "serve/net/poller.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/buf.h"
#include "text/err.h"

#define READY_MAX 1024 /* connections in one turn; the others are reported in the next turn */

/* The loop calls this when at least one connection is ready. */
static void
on_some_ready(uv_poll_t *poll, int status, int events)
{
	struct poller *poller = poll->data;
	int count = epoll_wait(poller->fd, poller->ready, READY_MAX, 0);

	(void)status;
	(void)events;
	poller->ready_count = count > 0 ? (size_t)count : 0;
	for (int i = 0; i < count; i++)
		poller->on_ready(poller->ready[i].data.ptr, poller->ready[i].events);
}

int
poller_open(struct poller *poller, uv_loop_t *loop, void (*on_ready)(void *arg, uint32_t events),
	struct chat_err *err)
{
	int status;

	*poller = (struct poller){.on_ready = on_ready};
	poller->fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->fd < 0)
		return chat_fail(err, CHAT_INTERNAL, "epoll_create1: %m");
	status = uv_poll_init(loop, &poller->poll, poller->fd);
	if (status < 0) {
		close(poller->fd);
		return chat_fail(err, CHAT_INTERNAL, "uv_poll_init: %s", uv_strerror(status));
	}
	poller->ready = chat_alloc(READY_MAX * sizeof(*poller->ready));
	poller->poll.data = poller;
	uv_poll_start(&poller->poll, UV_READABLE, on_some_ready); /* calls on_ready */
	return 0;
}

void
poller_close(struct poller *poller)
{
	uv_close((uv_handle_t *)&poller->poll, NULL);
	close(poller->fd);
	free(poller->ready);
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
