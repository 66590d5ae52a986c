#ifndef SERVE_JOURNAL_SYNC_THREAD_H
#define SERVE_JOURNAL_SYNC_THREAD_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/journal/segment.h"

/*
 * A thread that waits for the disk, one job at a time: it syncs files, writes the index files of
 * full segments, and looks whether directory and active segment are still in place.
 */
struct sync_job {
	/* what is asked */
	struct segment *active;
	bool changed; /* the active segment has not the size that it should have */
	bool lines, sums; /* these files of the active segment are synced */
	struct segment *full; /* a list of segments that get their index files, */
	bool sync; /* and are synced before */
	bool removed; /* the file `removed` is synced; a failure of that is ignored */
	bool dir; /* the directory is synced */
	int dir_fd;
	const char *path; /* of the directory */
	uint64_t ticket; /* the caller's; it comes back with the result */

	/* the result */
	bool lines_failed; /* a sync of lines or of the directory failed */
	bool sums_failed; /* a sync of checksums failed */
	bool full_failed; /* a sync of a full segment failed */
	bool segment_gone; /* a file of the active segment was moved, deleted or changed */
	bool dir_gone; /* the directory was moved or deleted */
	struct chat_err err; /* of dir_gone, if that is so, else of the first failure */
};

struct sync_thread {
	uv_thread_t handle;
	uv_mutex_t mutex;
	uv_cond_t changed; /* state or stopping */
	uv_async_t wake; /* on the loop */
	struct sync_job job; /* the thread's while SYNC_RUNNING */
	enum { SYNC_IDLE, SYNC_RUNNING, SYNC_DONE } state; /* changed under the mutex */
	int64_t submitted_ms; /* monotonic time at which the job was submitted */
	bool no_wake; /* the thread does not touch `wake` any more */
	bool stopping; /* the thread ends */
	void (*done)(void *arg, struct sync_job *job); /* called on the loop's thread, when idle */
	void *arg; /* of done */
};

/*
 * Starts the thread. `done` is called for each job on the loop's thread: from the loop, or from
 * sync_thread_wait. Returns 0, or -1 with nothing to close.
 */
int sync_thread_open(struct sync_thread *thread, uv_loop_t *loop,
	void (*done)(void *arg, struct sync_job *job), void *arg, struct chat_err *err);

/* Gives an idle thread a job, which is copied. */
void sync_thread_submit(struct sync_thread *thread, const struct sync_job *job);

/* Returns true if the thread has a job for which `done` was not called yet. */
bool sync_thread_is_busy(struct sync_thread *thread);

/* Returns for how many milliseconds the thread has had its job, at least 1; 0 if it has none. */
int64_t sync_thread_busy_ms(struct sync_thread *thread);

/*
 * Waits until the job is done, if there is one, and calls `done`. Returns false if that takes more
 * than within_ms since the job was submitted.
 */
bool sync_thread_wait(struct sync_thread *thread, int64_t within_ms);

/* Stops waking the loop, which closes: from now on only sync_thread_wait calls `done`. */
void sync_thread_stop_waking(struct sync_thread *thread);

/* Ends the thread, which is idle. The loop's owner has closed the handle `wake` before. */
void sync_thread_close(struct sync_thread *thread);

#endif
