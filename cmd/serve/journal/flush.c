/*
 * Waiting for the disk, where the loop must not. A thread of its own, so that no other work can
 * stand before what messages wait for.
 */
#include "serve/journal/flush.h"

#include <errno.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/journal/removed.h"

static void
note(struct flush_job *job, bool *failed, const struct chat_err *err)
{
	if (!job->lines_failed && !job->sums_failed && !job->full_failed && !job->segment_gone)
		job->err = *err;
	*failed = true;
}

static void
finish_full(struct flush_job *job, struct segment *segment)
{
	struct chat_err err;

	if (job->sync &&
		(segment_sync_lines(segment, &err) < 0 || segment_sync_sums(segment, &err) < 0))
		note(job, &job->full_failed, &err);
	segment->indexed = segment_write_index(segment, job->dir_fd, NULL) == 0;
}

/* What somebody has moved away under the server is on the disk, and nobody will find it. */
static void
look_around(struct flush_job *job)
{
	struct chat_err err;

	if (segment_is_there(job->active, job->dir_fd, job->changed, &err) < 0)
		note(job, &job->segment_gone, &err);
	if (journal_dir_is_there(job->dir_fd, job->path, &err) < 0) {
		job->err = err;
		job->dir_gone = true;
	}
}

static void
flush_run(struct flush_job *job)
{
	struct chat_err err;

	for (struct segment *segment = job->full; segment; segment = segment->next)
		finish_full(job, segment);
	if (job->lines && segment_sync_lines(job->active, &err) < 0)
		note(job, &job->lines_failed, &err);
	if (job->sums && segment_sync_sums(job->active, &err) < 0)
		note(job, &job->sums_failed, &err);
	if (job->removed)
		removed_file_sync(job->dir_fd);
	if (job->dir && fsync(job->dir_fd) < 0) {
		chat_fail(&err, CHAT_IO_ERROR, "the directory: sync: %m");
		note(job, &job->lines_failed, &err);
	}
	look_around(job);
}

static void
flusher_main(void *arg)
{
	struct flusher *flusher = arg;

	uv_mutex_lock(&flusher->mutex);
	for (;;) {
		while (flusher->state != FLUSH_ASKED && !flusher->stopping)
			uv_cond_wait(&flusher->changed, &flusher->mutex);
		if (flusher->state != FLUSH_ASKED)
			break;
		uv_mutex_unlock(&flusher->mutex);
		flush_run(&flusher->job);
		uv_mutex_lock(&flusher->mutex);
		flusher->state = FLUSH_DONE;
		uv_cond_broadcast(&flusher->changed);
		if (!flusher->silent)
			uv_async_send(&flusher->wake);
	}
	uv_mutex_unlock(&flusher->mutex);
}

static void
flusher_conclude(struct flusher *flusher)
{
	struct flush_job job = flusher->job;

	flusher->state = FLUSH_IDLE;
	uv_mutex_unlock(&flusher->mutex);
	flusher->done(flusher->arg, &job);
}

static void
on_wake(uv_async_t *wake)
{
	struct flusher *flusher = wake->data;

	uv_mutex_lock(&flusher->mutex);
	if (flusher->state == FLUSH_DONE)
		flusher_conclude(flusher);
	else /* it was waited for, and another job may be under way */
		uv_mutex_unlock(&flusher->mutex);
}

bool
flusher_is_busy(struct flusher *flusher)
{
	bool busy;

	uv_mutex_lock(&flusher->mutex);
	busy = flusher->state != FLUSH_IDLE;
	uv_mutex_unlock(&flusher->mutex);
	return busy;
}

void
flusher_ask(struct flusher *flusher, const struct flush_job *job)
{
	uv_mutex_lock(&flusher->mutex);
	flusher->job = *job;
	flusher->asked_ms = chat_now_ms();
	flusher->state = FLUSH_ASKED;
	uv_cond_broadcast(&flusher->changed);
	uv_mutex_unlock(&flusher->mutex);
}

int64_t
flusher_busy_ms(struct flusher *flusher)
{
	int64_t busy_ms = 0;

	uv_mutex_lock(&flusher->mutex);
	if (flusher->state != FLUSH_IDLE)
		busy_ms = chat_now_ms() - flusher->asked_ms + 1;
	uv_mutex_unlock(&flusher->mutex);
	return busy_ms;
}

bool
flusher_wait(struct flusher *flusher, int64_t within_ms)
{
	uv_mutex_lock(&flusher->mutex);
	while (flusher->state == FLUSH_ASKED) {
		int64_t left_ms = flusher->asked_ms + within_ms - chat_now_ms();

		if (left_ms <= 0) {
			uv_mutex_unlock(&flusher->mutex);
			return false;
		}
		uv_cond_timedwait(&flusher->changed, &flusher->mutex, (uint64_t)left_ms * 1000000);
	}
	if (flusher->state == FLUSH_DONE)
		flusher_conclude(flusher);
	else
		uv_mutex_unlock(&flusher->mutex);
	return true;
}

void
flusher_silence(struct flusher *flusher)
{
	uv_mutex_lock(&flusher->mutex);
	flusher->silent = true;
	uv_mutex_unlock(&flusher->mutex);
}

int
flusher_open(struct flusher *flusher, uv_loop_t *loop,
	void (*done)(void *arg, struct flush_job *job), void *arg, struct chat_err *err)
{
	flusher->done = done;
	flusher->arg = arg;
	if (uv_mutex_init(&flusher->mutex) != 0)
		return chat_fail(err, CHAT_INTERNAL, "no mutex can be had");
	if (uv_cond_init(&flusher->changed) != 0) {
		uv_mutex_destroy(&flusher->mutex);
		return chat_fail(err, CHAT_INTERNAL, "no condition variable can be had");
	}
	if (uv_thread_create(&flusher->thread, flusher_main, flusher) != 0) {
		uv_cond_destroy(&flusher->changed);
		uv_mutex_destroy(&flusher->mutex);
		return chat_fail(err, CHAT_INTERNAL, "no thread can be had");
	}
	flusher->wake.data = flusher;
	if (uv_async_init(loop, &flusher->wake, on_wake) != 0) {
		flusher_close(flusher);
		return chat_fail(err, CHAT_INTERNAL, "no wake-up can be had");
	}
	return 0;
}

void
flusher_close(struct flusher *flusher)
{
	uv_mutex_lock(&flusher->mutex);
	flusher->stopping = true;
	uv_cond_broadcast(&flusher->changed);
	uv_mutex_unlock(&flusher->mutex);
	uv_thread_join(&flusher->thread);
	uv_cond_destroy(&flusher->changed);
	uv_mutex_destroy(&flusher->mutex);
}
