/*
 * The functions of libuv that the server uses, on the simulated kernel. The loop itself never
 * waits: the server waits for the loop's descriptor.
 */
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
	struct file *file; /* readable if uv_run() has something to do; NULL: it is closed */
	int fd;
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

/* Something of the loop is ready, maybe. */
static void
wake(struct loop *loop)
{
	if (loop->file)
		file_changed(loop->file);
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

static short
loop_ready(struct file *file)
{
	const struct loop *loop = file->data;

	for (const struct half *half = loop->halves; half; half = half->next)
		if (half->pending || events_of(half))
			return POLLIN;
	for (const struct work *work = loop->works; work; work = work->next)
		if (work->done)
			return POLLIN;
	return 0;
}

static void
loop_closed(struct file *file)
{
	struct loop *loop = file->data;

	loop->file = NULL;
}

static const struct file_kind loop_kind = {.ready = loop_ready, .close = loop_closed};

int
sim_uv_loop_init(uv_loop_t *loop)
{
	struct loop *ours = sim_calloc(1, sizeof(*ours));

	loop->internal_fields = ours;
	ours->file = file_new(&loop_kind, 0, ours);
	ours->fd = process_fd(ours->file);
	if (ours->fd < 0) {
		sim_free(ours);
		return UV_EMFILE;
	}
	return sim_uv_update_time(loop), 0;
}

int
sim_uv_loop_close(uv_loop_t *loop)
{
	if (of(loop)->halves)
		return UV_EBUSY;
	process_drop_fd(of(loop)->fd);
	sim_free(loop->internal_fields);
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

int
sim_uv_backend_fd(const uv_loop_t *loop)
{
	return of(loop)->fd;
}

int
sim_uv_backend_timeout(const uv_loop_t *loop)
{
	int64_t now_ns = (int64_t)loop->time * MILLISECOND, until_ns = NEVER;

	for (const struct half *half = of(loop)->halves; half; half = half->next) {
		if (half->closing || (half->handle->type == UV_IDLE && half->active))
			return 0;
		if (half->handle->type == UV_TIMER && half->active && half->due_ns < until_ns)
			until_ns = half->due_ns;
	}
	if (until_ns == NEVER)
		return -1;
	return until_ns > now_ns ? (int)((until_ns - now_ns) / MILLISECOND) : 0;
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

uint64_t
sim_uv_timer_get_repeat(const uv_timer_t *timer)
{
	return (uint64_t)(half_of(timer)->repeat_ns / MILLISECOND);
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
run_idle(const struct loop *loop)
{
	for (struct half *half = loop->halves; half; half = half->next)
		if (half->handle->type == UV_IDLE && half->active)
			half->call.idle((uv_idle_t *)half->handle);
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

	if (mode != UV_RUN_NOWAIT)
		abort();
	sim_uv_update_time(loop);
	run_timers(loop);
	run_idle(ours);
	task_call();
	sim_uv_update_time(loop);
	run_pending(ours);
	end_closed(ours);
	return is_alive(ours);
}
