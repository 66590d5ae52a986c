/*
 * A program that has its own loop (poll, libuv, asyncio) polls one descriptor for us, which stays
 * the same while connections come and go.
 */
#include "client/pollable.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "text/err.h"

int
chat_pollable_open(struct pollable *pollable, struct chat_err *err)
{
	struct epoll_event event = {.events = EPOLLIN};

	*pollable = (struct pollable){.wake_ms = INT64_MAX};
	pollable->fd = epoll_create1(EPOLL_CLOEXEC);
	pollable->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	event.data.fd = pollable->timer_fd;
	if (pollable->fd >= 0 && pollable->timer_fd >= 0 &&
		epoll_ctl(pollable->fd, EPOLL_CTL_ADD, pollable->timer_fd, &event) == 0)
		return 0;
	chat_fail(err, CHAT_INTERNAL, "a descriptor to poll: %s", strerror(errno));
	chat_pollable_close(pollable);
	return -1;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
chat_pollable_close(struct pollable *pollable)
{
	close_fd(&pollable->timer_fd);
	close_fd(&pollable->fd);
}

/*
 * Watches a descriptor for what is wanted now. The kernel forgets a descriptor that is closed, and
 * a new one may have its number, so its answer decides whether it is watched.
 */
static void
watch(const struct pollable *pollable, const struct pollfd *wanted)
{
	/* The constants of poll(2) and epoll(7) are the same. */
	struct epoll_event event = {.events = (uint32_t)wanted->events, .data.fd = wanted->fd};

	if (epoll_ctl(pollable->fd, EPOLL_CTL_MOD, wanted->fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(pollable->fd, EPOLL_CTL_ADD, wanted->fd, &event);
}

static bool
has(const struct poll_set *waits, int fd)
{
	for (size_t i = 0; i < waits->count; i++)
		if (waits->fds[i].fd == fd)
			return true;
	return false;
}

/* Sets the timer; a time that has passed makes it ready at once. */
static void
set_timer(struct pollable *pollable, int64_t wake_ms)
{
	struct itimerspec when = {0};

	if (wake_ms != INT64_MAX) {
		if (wake_ms < 1)
			wake_ms = 1; /* 0 would stop the timer */
		when.it_value.tv_sec = (time_t)(wake_ms / 1000);
		when.it_value.tv_nsec = (long)(wake_ms % 1000) * 1000000;
	}
	pollable->wake_ms = wake_ms;
	timerfd_settime(pollable->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void
chat_pollable_watch(struct pollable *pollable, const struct poll_set *waits)
{
	for (size_t i = 0; i < pollable->count; i++)
		if (!has(waits, pollable->watched[i]))
			epoll_ctl(pollable->fd, EPOLL_CTL_DEL, pollable->watched[i], NULL);
	pollable->count = 0;
	for (size_t i = 0; i < waits->count && i < POLLABLE_MOST; i++) {
		watch(pollable, &waits->fds[i]);
		pollable->watched[pollable->count++] = waits->fds[i].fd;
	}
	if (waits->wake_ms != pollable->wake_ms)
		set_timer(pollable, waits->wake_ms);
}

void
chat_pollable_wake(struct pollable *pollable)
{
	if (pollable->wake_ms != 1)
		set_timer(pollable, 0);
}
