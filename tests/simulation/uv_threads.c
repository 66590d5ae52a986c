/* The threads of libuv, with their locks, on the simulated kernel. */
#include <uv.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

struct lock {
	struct task *owner;
};

struct waiter {
	struct waiter *next;
	struct task *task;
	bool signalled;
};

struct condition {
	struct waiter *waiters;
};

_Static_assert(sizeof(struct lock) <= sizeof(uv_mutex_t), "a mutex holds ours");
_Static_assert(sizeof(struct condition) <= sizeof(uv_cond_t), "a condition holds ours");
_Static_assert(sizeof(struct task *) <= sizeof(uv_thread_t), "a thread holds ours");

int
sim_uv_mutex_init(uv_mutex_t *mutex)
{
	((struct lock *)mutex)->owner = NULL;
	return 0;
}

void
sim_uv_mutex_destroy(uv_mutex_t *mutex)
{
	(void)mutex;
}

void
sim_uv_mutex_lock(uv_mutex_t *mutex)
{
	struct lock *lock = (struct lock *)mutex;

	while (lock->owner)
		task_wait(world_now_ns() + MICROSECOND);
	lock->owner = task_self();
}

void
sim_uv_mutex_unlock(uv_mutex_t *mutex)
{
	((struct lock *)mutex)->owner = NULL;
}

int
sim_uv_cond_init(uv_cond_t *cond)
{
	((struct condition *)cond)->waiters = NULL;
	return 0;
}

void
sim_uv_cond_destroy(uv_cond_t *cond)
{
	(void)cond;
}

void
sim_uv_cond_broadcast(uv_cond_t *cond)
{
	struct condition *condition = (struct condition *)cond;

	for (struct waiter *waiter = condition->waiters; waiter; waiter = waiter->next) {
		waiter->signalled = true;
		task_wake(waiter->task);
	}
}

static int
wait_until(uv_cond_t *cond, uv_mutex_t *mutex, int64_t until_ns)
{
	struct condition *condition = (struct condition *)cond;
	struct waiter self = {condition->waiters, task_self(), false}, **at;

	condition->waiters = &self;
	sim_uv_mutex_unlock(mutex);
	while (!self.signalled && world_now_ns() < until_ns)
		task_wait(until_ns);
	for (at = &condition->waiters; *at != &self; at = &(*at)->next)
		;
	*at = self.next;
	sim_uv_mutex_lock(mutex);
	return self.signalled ? 0 : UV_ETIMEDOUT;
}

void
sim_uv_cond_wait(uv_cond_t *cond, uv_mutex_t *mutex)
{
	wait_until(cond, mutex, NEVER);
}

int
sim_uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *mutex, uint64_t timeout_ns)
{
	return wait_until(cond, mutex, world_now_ns() + (int64_t)timeout_ns);
}

int
sim_uv_thread_create(uv_thread_t *thread, uv_thread_cb run, void *arg)
{
	*thread = (uv_thread_t)task_start(run, arg);
	return 0;
}

uv_thread_t
sim_uv_thread_self(void)
{
	return (uv_thread_t)task_self();
}

int
sim_uv_thread_equal(const uv_thread_t *one, const uv_thread_t *other)
{
	return *one == *other;
}

unsigned
sim_uv_available_parallelism(void)
{
	return 1;
}

int
sim_uv_thread_join(uv_thread_t *thread)
{
	struct task *task = (struct task *)*thread;

	while (!task_has_ended(task))
		task_wait(world_now_ns() + 10 * MICROSECOND);
	task_free(task);
	return 0;
}

int
sim_uv_replace_allocator(
	uv_malloc_func alloc, uv_realloc_func again, uv_calloc_func zeroed, uv_free_func give)
{
	(void)alloc;
	(void)again;
	(void)zeroed;
	(void)give;
	return 0;
}
