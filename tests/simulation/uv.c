/* The functions of libuv that the server uses, on the simulated kernel. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

/* A handle's part that is ours; the handle's first reserved field points to it. */
struct half {
	struct half *next; /* of the loop's handles, in the order of their init */
	uv_handle_t *handle;
	bool active, closing;
	int fd, events; /* poll */
	struct watch watch; /* poll */
	int64_t due_ns, repeat_ns; /* timer; by the clock of the process */
	int number; /* signal */
	bool pending; /* async, signal */
	union {
		uv_poll_cb poll;
		uv_timer_cb timer;
		uv_signal_cb signal;
		uv_idle_cb idle;
		uv_prepare_cb prepare;
		uv_async_cb async;
	} call;
};

struct work {
	struct work *next;
	struct loop *loop;
	uv_work_t *request;
	uv_work_cb run;
	uv_after_work_cb after;
	struct task *task;
	bool done;
};

struct loop {
	struct half *halves;
	struct work *works;
	struct task *waiting; /* the thread in uv_run, while it waits */
	bool stopped;
};

static struct loop *
of(const uv_loop_t *loop)
{
	return loop->internal_fields;
}

static struct half *
half_of(const void *handle)
{
	return ((const uv_handle_t *)handle)->u.reserved[0];
}

static void
wake(struct loop *loop)
{
	if (loop->waiting)
		task_wake(loop->waiting);
}

static struct half *
half_new(uv_loop_t *loop, void *handle, uv_handle_type type)
{
	struct half *half = sim_calloc(1, sizeof(*half)), **end = &of(loop)->halves;
	uv_handle_t *base = handle;

	base->loop = loop;
	base->type = type;
	base->u.reserved[0] = half;
	half->handle = base;
	half->fd = -1;
	while (*end)
		end = &(*end)->next;
	*end = half;
	return half;
}

/* ---- the loop ---- */

int
sim_uv_loop_init(uv_loop_t *loop)
{
	loop->internal_fields = sim_calloc(1, sizeof(struct loop));
	return sim_uv_update_time(loop), 0;
}

int
sim_uv_loop_close(uv_loop_t *loop)
{
	if (of(loop)->halves)
		return UV_EBUSY;
	sim_free(loop->internal_fields);
	return 0;
}

int
sim_uv_loop_configure(uv_loop_t *loop, uv_loop_option option, ...)
{
	(void)loop;
	(void)option;
	return 0;
}

void
sim_uv_update_time(uv_loop_t *loop)
{
	loop->time = (uint64_t)(process_now_ns() / MILLISECOND);
}

uint64_t
sim_uv_now(const uv_loop_t *loop)
{
	return loop->time;
}

uint64_t
sim_uv_hrtime(void)
{
	return (uint64_t)process_now_ns();
}

uint64_t
sim_uv_metrics_idle_time(uv_loop_t *loop)
{
	(void)loop;
	return 0;
}

int
sim_uv_backend_fd(const uv_loop_t *loop)
{
	(void)loop;
	return -1;
}

void
sim_uv_stop(uv_loop_t *loop)
{
	of(loop)->stopped = true;
}

void
sim_uv_walk(uv_loop_t *loop, uv_walk_cb walk, void *arg)
{
	for (struct half *half = of(loop)->halves; half; half = half->next)
		walk(half->handle, arg);
}

int
sim_uv_is_closing(const uv_handle_t *handle)
{
	return half_of(handle)->closing;
}

void
sim_uv_close(uv_handle_t *handle, uv_close_cb on_close)
{
	struct half *half = half_of(handle);

	half->active = false;
	half->closing = true;
	if (handle->type == UV_SIGNAL) /* its action is the usual one again */
		process_signals(process_self())->handled &= ~(UINT64_C(1) << half->number);
	file_unwatch(&half->watch);
	handle->close_cb = on_close;
	wake(of(handle->loop));
}

/* ---- handles ---- */

int
sim_uv_prepare_init(uv_loop_t *loop, uv_prepare_t *prepare)
{
	half_new(loop, prepare, UV_PREPARE);
	return 0;
}

int
sim_uv_prepare_start(uv_prepare_t *prepare, uv_prepare_cb call)
{
	half_of(prepare)->call.prepare = call;
	half_of(prepare)->active = true;
	return 0;
}

int
sim_uv_idle_init(uv_loop_t *loop, uv_idle_t *idle)
{
	half_new(loop, idle, UV_IDLE);
	return 0;
}

int
sim_uv_idle_start(uv_idle_t *idle, uv_idle_cb call)
{
	half_of(idle)->call.idle = call;
	half_of(idle)->active = true;
	return 0;
}

int
sim_uv_idle_stop(uv_idle_t *idle)
{
	half_of(idle)->active = false;
	return 0;
}

int
sim_uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	half_new(loop, timer, UV_TIMER);
	return 0;
}

int
sim_uv_timer_start(uv_timer_t *timer, uv_timer_cb call, uint64_t timeout, uint64_t repeat)
{
	struct half *half = half_of(timer);

	half->call.timer = call;
	half->active = true;
	half->due_ns = ((int64_t)timer->loop->time + (int64_t)timeout) * MILLISECOND;
	half->repeat_ns = (int64_t)repeat * MILLISECOND;
	return 0;
}

int
sim_uv_timer_stop(uv_timer_t *timer)
{
	half_of(timer)->active = false;
	return 0;
}

int
sim_uv_async_init(uv_loop_t *loop, uv_async_t *async, uv_async_cb call)
{
	struct half *half = half_new(loop, async, UV_ASYNC);

	half->call.async = call;
	half->active = true;
	return 0;
}

int
sim_uv_async_send(uv_async_t *async)
{
	half_of(async)->pending = true;
	wake(of(async->loop));
	return 0;
}

static void
on_poll_change(struct watch *watch)
{
	struct half *half = watch->arg;

	wake(of(half->handle->loop));
}

int
sim_uv_poll_init(uv_loop_t *loop, uv_poll_t *poll, int fd)
{
	struct file *file = process_file(fd);
	struct half *half;

	if (!file || is_disk_file(file))
		return file ? UV_EPERM : UV_EBADF;
	file->flags |= O_NONBLOCK;
	half = half_new(loop, poll, UV_POLL);
	half->fd = fd;
	half->watch.changed = on_poll_change;
	half->watch.arg = half;
	return 0;
}

int
sim_uv_poll_start(uv_poll_t *poll, int events, uv_poll_cb call)
{
	struct half *half = half_of(poll);

	half->call.poll = call;
	half->events = events;
	half->active = true;
	if (!half->watch.file && process_file(half->fd))
		file_watch(&half->watch, process_file(half->fd));
	wake(of(poll->loop));
	return 0;
}

int
sim_uv_poll_stop(uv_poll_t *poll)
{
	half_of(poll)->active = false;
	file_unwatch(&half_of(poll)->watch);
	return 0;
}

/* ---- signals ---- */

static void
on_signal(void *arg, int number)
{
	struct loop *loop = arg;

	for (struct half *half = loop->halves; half; half = half->next)
		if (half->handle->type == UV_SIGNAL && half->active && half->number == number)
			half->pending = true;
	wake(loop);
}

int
sim_uv_signal_init(uv_loop_t *loop, uv_signal_t *signal)
{
	half_new(loop, signal, UV_SIGNAL);
	return 0;
}

int
sim_uv_signal_start(uv_signal_t *signal, uv_signal_cb call, int number)
{
	struct signal_state *state = process_signals(process_self());
	struct half *half = half_of(signal);

	half->call.signal = call;
	half->number = number;
	half->active = true;
	state->handler = on_signal;
	state->handler_arg = of(signal->loop);
	state->handled |= UINT64_C(1) << number;
	return 0;
}

/* ---- work of the pool ---- */

static void
work_main(void *arg)
{
	struct work *work = arg;

	task_call();
	work->run(work->request);
	work->done = true;
	wake(work->loop);
}

int
sim_uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb run, uv_after_work_cb after)
{
	struct work *work = sim_calloc(1, sizeof(*work)), **end = &of(loop)->works;

	*work = (struct work){.loop = of(loop), .request = request, .run = run, .after = after};
	request->loop = loop;
	while (*end)
		end = &(*end)->next;
	*end = work;
	work->task = task_start(work_main, work);
	return 0;
}

static bool
run_done_work(struct loop *loop)
{
	struct work **at = &loop->works;

	while (*at && !((*at)->done && task_has_ended((*at)->task)))
		at = &(*at)->next;
	if (!*at)
		return false;
	struct work *work = *at;

	*at = work->next;
	task_free(work->task);
	work->after(work->request, 0);
	sim_free(work);
	return true;
}

/* ---- a turn ---- */

static void
run_timers(uv_loop_t *loop)
{
	int64_t now_ns = (int64_t)loop->time * MILLISECOND;

	for (struct half *half = of(loop)->halves; half; half = half->next) {
		if (half->handle->type != UV_TIMER || !half->active || half->due_ns > now_ns)
			continue;
		half->active = half->repeat_ns > 0;
		half->due_ns = now_ns + half->repeat_ns;
		half->call.timer((uv_timer_t *)half->handle);
	}
}

static void
run_simple(struct loop *loop, uv_handle_type type)
{
	for (struct half *half = loop->halves; half; half = half->next) {
		if (half->handle->type != type || !half->active)
			continue;
		if (type == UV_IDLE)
			half->call.idle((uv_idle_t *)half->handle);
		else
			half->call.prepare((uv_prepare_t *)half->handle);
	}
}

static int
events_of(const struct half *half)
{
	struct file *file = half->watch.file;
	short ready;
	int events = 0;

	if (half->handle->type != UV_POLL || !half->active || !file)
		return 0;
	ready = file->kind->ready(file);
	if (ready & (POLLIN | POLLERR | POLLHUP))
		events |= UV_READABLE;
	if (ready & (POLLOUT | POLLERR | POLLHUP))
		events |= UV_WRITABLE;
	return events & half->events;
}

static bool
is_due(const struct half *half)
{
	return half->closing || half->pending || events_of(half) ||
		(half->handle->type == UV_IDLE && half->active);
}

/* The time until which nothing needs the loop. */
static int64_t
idle_until(const struct loop *loop)
{
	int64_t until_ns = NEVER;

	for (const struct half *half = loop->halves; half; half = half->next) {
		if (is_due(half))
			return 0;
		if (half->handle->type == UV_TIMER && half->active && half->due_ns < until_ns)
			until_ns = half->due_ns;
	}
	for (const struct work *work = loop->works; work; work = work->next)
		if (work->done)
			return 0;
	return process_world_ns(until_ns);
}

static bool
is_alive(const struct loop *loop)
{
	for (const struct half *half = loop->halves; half; half = half->next)
		if (half->active || half->closing)
			return true;
	return loop->works != NULL;
}

static void
wait_for_events(struct loop *loop, uv_run_mode mode)
{
	int64_t until_ns;

	task_call();
	until_ns = mode == UV_RUN_NOWAIT || loop->stopped ? 0 : idle_until(loop);
	if (until_ns > world_now_ns()) {
		loop->waiting = task_self();
		task_wait(until_ns);
		loop->waiting = NULL;
	}
}

static void
run_pending(struct loop *loop)
{
	for (struct half *half = loop->halves; half; half = half->next) {
		int events = events_of(half);

		if (events)
			half->call.poll((uv_poll_t *)half->handle, 0, events);
		if (!half->pending || half->closing)
			continue;
		half->pending = false;
		if (half->handle->type == UV_ASYNC)
			half->call.async((uv_async_t *)half->handle);
		else
			half->call.signal((uv_signal_t *)half->handle, half->number);
	}
	while (run_done_work(loop))
		;
}

static void
end_closed(struct loop *loop)
{
	struct half **at = &loop->halves;

	while (*at) {
		struct half *half = *at;

		if (!half->closing) {
			at = &half->next;
			continue;
		}
		*at = half->next;
		if (half->handle->close_cb)
			half->handle->close_cb(half->handle);
		sim_free(half);
	}
}

int
sim_uv_run(uv_loop_t *loop, uv_run_mode mode)
{
	struct loop *ours = of(loop);

	do {
		sim_uv_update_time(loop);
		run_timers(loop);
		run_simple(ours, UV_IDLE);
		run_simple(ours, UV_PREPARE);
		wait_for_events(ours, mode);
		sim_uv_update_time(loop);
		run_pending(ours);
		end_closed(ours);
	} while (mode == UV_RUN_DEFAULT && !ours->stopped && is_alive(ours));
	ours->stopped = false;
	return is_alive(ours);
}
