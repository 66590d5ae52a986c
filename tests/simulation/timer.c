/* timerfd(2), as far as libchat-client uses it: one time, of the monotonic clock. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/timerfd.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

struct timer {
	struct file *file; /* borrowed; NULL: closed */
	unsigned refs; /* its file, and times that are to come */
	int64_t due_ns;
};

static void
timer_unref(struct timer *timer)
{
	if (--timer->refs == 0)
		free(timer);
}

static short
timer_ready(struct file *file)
{
	struct timer *timer = file->data;

	return timer->due_ns <= world_now_ns() ? POLLIN : 0;
}

static void
timer_close(struct file *file)
{
	struct timer *timer = file->data;

	timer->file = NULL;
	timer_unref(timer);
}

static const struct file_kind timer_kind = {
	.ready = timer_ready,
	.close = timer_close,
};

static void
on_due(void *arg)
{
	struct timer *timer = arg;

	if (timer->file && timer->due_ns <= world_now_ns())
		file_changed(timer->file);
	timer_unref(timer);
}

int
sim_timerfd_create(int clock, int flags)
{
	struct timer *timer = calloc(1, sizeof(*timer));

	(void)clock;
	(void)flags;
	if (!timer)
		abort();
	timer->refs = 1;
	timer->due_ns = NEVER;
	timer->file = file_new(&timer_kind, O_NONBLOCK, timer);
	return process_fd(timer->file);
}

int
sim_timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *old)
{
	struct file *file = process_file(fd);
	struct timer *timer = file ? file->data : NULL;
	int64_t ns = when->it_value.tv_sec * SECOND + when->it_value.tv_nsec;

	(void)flags;
	(void)old;
	if (!timer)
		return -1;
	timer->due_ns = ns ? ns : NEVER;
	if (!ns)
		return 0;
	timer->refs++;
	world_at(ns, on_due, timer);
	return 0;
}
