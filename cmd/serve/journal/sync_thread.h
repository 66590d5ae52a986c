#ifndef SERVE_JOURNAL_FLUSH_H
#define SERVE_JOURNAL_FLUSH_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/journal/segment.h"

/*
 * What a journal does beside the loop: one thread, one job at a time, that waits for the disk. At
 * the end of each it looks whether what was written to is still there.
 */
struct sync_job {
	/* asked */
	struct segment *active;
	bool changed; /* by somebody else, which is an answer already */
	bool lines, sums; /* which of its files are to be synced */
	struct segment *full; /* a list: to be synced if `sync`, and to get their index */
	bool sync;
	bool removed; /* the file `removed` is to be synced; what fails of that is no loss */
	bool dir; /* the directory is to be synced */
	int dir_fd;
	const char *path; /* of the directory */
	uint64_t ticket; /* the asker's */

	/* answered */
	bool lines_failed; /* or the directory: what was to be kept may not be */
	bool sums_failed;
	bool full_failed;
	bool segment_gone; /* a file of the active segment is not what it was, or not there */
	bool dir_gone;
	struct chat_err err; /* of the first of these, but of dir_gone before all */
};

struct sync_thread {
	uv_thread_t handle;
	uv_mutex_t mutex;
	uv_cond_t changed;
	uv_async_t wake;
	struct sync_job job;
	enum { SYNC_IDLE, SYNC_RUNNING, SYNC_DONE } state; /* changed under the mutex */
	int64_t submitted_ms; /* when the job was, by the monotonic clock */
	bool silent; /* the wake handle is not to be touched */
	bool stopping;
	void (*done)(
		void *arg, struct sync_job *job); /* on the loop; the flusher is idle by then */
	void *arg;
};

int sync_thread_open(struct sync_thread *thread, uv_loop_t *loop,
	void (*done)(void *arg, struct sync_job *job), void *arg, struct chat_err *err);

/* From now on jobs end without a word and are to be waited for: the loop is closing. */
void sync_thread_stop_waking(struct sync_thread *thread);

/* Ends the thread, which is idle; the wake handle is the loop's to close, before. */
void sync_thread_close(struct sync_thread *thread);

bool sync_thread_is_busy(struct sync_thread *thread);

/* Gives it a job; it must not be busy. */
void sync_thread_submit(struct sync_thread *thread, const struct sync_job *job);

/* How long it has had its job; 0: it has none. */
int64_t sync_thread_busy_ms(struct sync_thread *thread);

/*
 * Waits for the job, if there is one, and calls done. False: it was not done within so long a time
 * since it was asked.
 */
bool sync_thread_wait(struct sync_thread *thread, int64_t within_ms);

#endif
