/*
 * Waits for the disk on a thread of its own. It is not a thread of libuv's pool, because other work
 * must not delay the syncs for which messages wait.
 */
#include "serve/journal/sync_thread.h"

#include <errno.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/removed_file.h"
#include "text/clock.h"
#include "text/err.h"

/* Sets *failed, a result of the job, to true, and sets job->err if no other result is true yet. */
static void
job_fail(struct sync_job *job, bool *failed, const struct chat_err *err)
{
	if (!job->lines_failed && !job->sums_failed && !job->full_failed && !job->segment_gone)
		job->err = *err;
	*failed = true;
}

/* Syncs a full segment, with the rest of its checksums, and writes its index file. */
static void
segment_finish(struct sync_job *job, struct segment *segment)
{
	struct chat_err err;

	if (job->sync && segment_sync_lines(segment, &err) < 0) {
		job->full_lost = true;
		job_fail(job, &job->full_failed, &err);
	} else if (job->sync &&
		(segment_write_sums(segment, chat_buf_span(&segment->sums), &err) < 0 ||
			segment_sync_sums(segment, &err) < 0)) {
		job_fail(job, &job->full_failed, &err);
	}
	segment->indexed = segment_write_index(segment, job->dir_fd, NULL) == 0;
}

/* Syncs the lines of the active segment, and writes the checksums that waited for this. */
static void
job_sync_lines(struct sync_job *job)
{
	struct chat_err err;

	if (segment_sync_lines(job->active, &err) < 0) {
		job->active->sums_end = true;
		job_fail(job, &job->lines_failed, &err);
	} else if (segment_write_sums(job->active, chat_buf_span(&job->written_sums), &err) < 0) {
		job_fail(job, &job->sums_failed, &err);
	}
	chat_buf_free(&job->written_sums);
}

/* Checks that the files are in place: another process may have moved them. */
static void
job_check_files(struct sync_job *job)
{
	struct chat_err err;

	if (!job->removed_active &&
		segment_is_in_place(job->active, job->dir_fd, job->changed, &err) < 0)
		job_fail(job, &job->segment_gone, &err);
	if (journal_dir_is_in_place(job->dir_fd, job->path, &err) < 0) {
		job->err = err;
		job->dir_gone = true;
	}
}

static void
job_run(struct sync_job *job)
{
	struct chat_err err;

	for (struct segment *segment = job->full; segment; segment = segment->next)
		segment_finish(job, segment);
	if (job->lines)
		job_sync_lines(job);
	if (job->sums && segment_sync_sums(job->active, &err) < 0)
		job_fail(job, &job->sums_failed, &err);
	if (job->removed)
		removed_file_sync(job->dir_fd);
	if (job->dir && fsync(job->dir_fd) < 0) {
		chat_fail(&err, CHAT_IO_ERROR, "the directory: sync: %m");
		job_fail(job, &job->lines_failed, &err);
	}
	job_check_files(job);
}

static void
thread_main(void *arg)
{
	struct sync_thread *thread = arg;

	uv_mutex_lock(&thread->mutex);
	for (;;) {
		while (thread->state != SYNC_RUNNING && !thread->stopping)
			uv_cond_wait(&thread->changed, &thread->mutex);
		if (thread->state != SYNC_RUNNING)
			break;
		uv_mutex_unlock(&thread->mutex);
		job_run(&thread->job);
		uv_mutex_lock(&thread->mutex);
		thread->state = SYNC_DONE;
		uv_cond_broadcast(&thread->changed);
		if (!thread->no_wake)
			uv_async_send(&thread->wake);
	}
	uv_mutex_unlock(&thread->mutex);
}

/* Calls `done`. The mutex must be locked; it is unlocked before the call. */
static void
thread_conclude(struct sync_thread *thread)
{
	struct sync_job job = thread->job;

	thread->state = SYNC_IDLE;
	uv_mutex_unlock(&thread->mutex);
	thread->done(thread->arg, &job);
}

static void
on_wake(uv_async_t *wake)
{
	struct sync_thread *thread = wake->data;

	uv_mutex_lock(&thread->mutex);
	if (thread->state == SYNC_DONE)
		thread_conclude(thread);
	else /* sync_thread_wait has called `done`, and another job may run */
		uv_mutex_unlock(&thread->mutex);
}

bool
sync_thread_is_busy(struct sync_thread *thread)
{
	bool busy;

	uv_mutex_lock(&thread->mutex);
	busy = thread->state != SYNC_IDLE;
	uv_mutex_unlock(&thread->mutex);
	return busy;
}

void
sync_thread_submit(struct sync_thread *thread, const struct sync_job *job)
{
	uv_mutex_lock(&thread->mutex);
	thread->job = *job;
	thread->submitted_ms = chat_now_ms();
	thread->state = SYNC_RUNNING;
	uv_cond_broadcast(&thread->changed);
	uv_mutex_unlock(&thread->mutex);
}

int64_t
sync_thread_busy_ms(struct sync_thread *thread)
{
	int64_t busy_ms = 0;

	uv_mutex_lock(&thread->mutex);
	if (thread->state != SYNC_IDLE)
		busy_ms = chat_now_ms() - thread->submitted_ms + 1;
	uv_mutex_unlock(&thread->mutex);
	return busy_ms;
}

bool
sync_thread_wait(struct sync_thread *thread, int64_t within_ms)
{
	uv_mutex_lock(&thread->mutex);
	while (thread->state == SYNC_RUNNING) {
		int64_t left_ms = thread->submitted_ms + within_ms - chat_now_ms();

		if (left_ms <= 0) {
			uv_mutex_unlock(&thread->mutex);
			return false;
		}
		uv_cond_timedwait(&thread->changed, &thread->mutex, (uint64_t)left_ms * 1000000);
	}
	if (thread->state == SYNC_DONE)
		thread_conclude(thread);
	else
		uv_mutex_unlock(&thread->mutex);
	return true;
}

void
sync_thread_stop_waking(struct sync_thread *thread)
{
	uv_mutex_lock(&thread->mutex);
	thread->no_wake = true;
	uv_mutex_unlock(&thread->mutex);
}

int
sync_thread_open(struct sync_thread *thread, uv_loop_t *loop,
	void (*done)(void *arg, struct sync_job *job), void *arg, struct chat_err *err)
{
	thread->done = done;
	thread->arg = arg;
	if (uv_mutex_init(&thread->mutex) != 0)
		return chat_fail(err, CHAT_INTERNAL, "no mutex can be had");
	if (uv_cond_init(&thread->changed) != 0) {
		uv_mutex_destroy(&thread->mutex);
		return chat_fail(err, CHAT_INTERNAL, "no condition variable can be had");
	}
	if (uv_thread_create(&thread->handle, thread_main, thread) != 0) {
		uv_cond_destroy(&thread->changed);
		uv_mutex_destroy(&thread->mutex);
		return chat_fail(err, CHAT_INTERNAL, "no thread can be had");
	}
	thread->wake.data = thread;
	if (uv_async_init(loop, &thread->wake, on_wake) != 0) {
		sync_thread_close(thread);
		return chat_fail(err, CHAT_INTERNAL, "no wake-up can be had");
	}
	return 0;
}

void
sync_thread_close(struct sync_thread *thread)
{
	uv_mutex_lock(&thread->mutex);
	thread->stopping = true;
	uv_cond_broadcast(&thread->changed);
	uv_mutex_unlock(&thread->mutex);
	uv_thread_join(&thread->handle);
	uv_cond_destroy(&thread->changed);
	uv_mutex_destroy(&thread->mutex);
}
