#ifndef SERVE_JOURNAL_SYNC_THREAD_H
#define SERVE_JOURNAL_SYNC_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/journal/segment.h"

/*
 * A thread that waits for the disk. It runs one job at a time: it syncs files, writes the index
 * files of full segments, and checks that the directory and the active segment are still in place.
 */
struct sync_job {
	/* set by the caller */
	struct segment *active;
	bool removed_active; /* the active segment's files are not in the directory */
	bool changed; /* the active segment does not have the size that it should have */
	bool lines, sums; /* sync these files of the active segment */
	struct chat_buf written_sums; /* owned: written after the lines are synced, then freed */
	struct segment *full; /* write the index files of this list of segments */
	bool sync; /* sync the segments in `full` before that */
	bool removed; /* sync the file `removed`; a failure is ignored */
	bool dir; /* sync the directory */
	int dir_fd;
	const char *path; /* the path of the directory */
	uint64_t ticket; /* not used by the thread; for the caller's `done` */

	/* the result, valid in `done` */
	bool lines_failed; /* a sync of the active segment's lines or of the directory failed */
	bool sums_failed; /* the active segment's checksums were not written or synced */
	bool full_failed; /* a full segment's files were not all synced */
	bool full_lost; /* among them its lines */
	bool segment_gone; /* a file of the active segment was moved, deleted or changed */
	bool dir_gone; /* the directory was moved or deleted */
	struct chat_err err; /* the error of dir_gone if that is true, else of the first failure */
};

struct sync_thread {
	uv_thread_t handle;
	uv_mutex_t mutex;
	uv_cond_t changed; /* signals a change of `state` or `stopping` */
	uv_async_t wake; /* wakes the loop when a job is done */
	struct sync_job job; /* used by the thread while SYNC_RUNNING */
	enum { SYNC_IDLE, SYNC_RUNNING, SYNC_DONE } state; /* protected by the mutex */
	int64_t submitted_ms; /* the monotonic time at which the job was submitted */
	bool no_wake; /* the thread does not use `wake` any more */
	bool stopping; /* the thread must end */
	void (*done)(void *arg, struct sync_job *job); /* called on the loop, when SYNC_IDLE */
	void *arg; /* the argument of `done` */
};

/*
 * Starts the thread. `done` is called for each job on the loop's thread, by the loop or by
 * sync_thread_wait. Returns 0, or -1 with nothing to close.
 */
int sync_thread_open(struct sync_thread *thread, uv_loop_t *loop,
	void (*done)(void *arg, struct sync_job *job), void *arg, struct chat_err *err);

/* Starts a job, which is copied. The thread must be idle. */
void sync_thread_submit(struct sync_thread *thread, const struct sync_job *job);

/* Returns true if `done` was not called yet for the last job. */
bool sync_thread_is_busy(struct sync_thread *thread);

/* Returns the milliseconds since the job was submitted, at least 1; or 0 if the thread is idle. */
int64_t sync_thread_busy_ms(struct sync_thread *thread);

/*
 * Waits until the job is done, and calls `done`; does nothing if the thread is idle. Returns true,
 * or false if the job is not done within_ms after it was submitted.
 */
bool sync_thread_wait(struct sync_thread *thread, int64_t within_ms);

/*
 * Stops the use of `wake`, before the loop is closed. Only sync_thread_wait calls `done`
 * afterwards.
 */
void sync_thread_stop_waking(struct sync_thread *thread);

/* Ends the thread, which must be idle. The caller must have closed the handle `wake`. */
void sync_thread_close(struct sync_thread *thread);

#endif
