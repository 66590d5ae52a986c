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
struct flush_job {
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

struct flusher {
	uv_thread_t thread;
	uv_mutex_t mutex;
	uv_cond_t changed;
	uv_async_t wake;
	struct flush_job job;
	enum { FLUSH_IDLE, FLUSH_ASKED, FLUSH_DONE } state; /* changed under the mutex */
	int64_t asked_ms; /* when the job was, by the monotonic clock */
	bool silent; /* the wake handle is not to be touched */
	bool stopping;
	void (*done)(
		void *arg, struct flush_job *job); /* on the loop; the flusher is idle by then */
	void *arg;
};

int flusher_open(struct flusher *flusher, uv_loop_t *loop,
	void (*done)(void *arg, struct flush_job *job), void *arg, struct chat_err *err);

/* From now on jobs end without a word and are to be waited for: the loop is closing. */
void flusher_silence(struct flusher *flusher);

/* Ends the thread, which is idle; the wake handle is the loop's to close, before. */
void flusher_close(struct flusher *flusher);

bool flusher_is_busy(struct flusher *flusher);

/* Gives it a job; it must not be busy. */
void flusher_ask(struct flusher *flusher, const struct flush_job *job);

/* How long it has had its job; 0: it has none. */
int64_t flusher_busy_ms(struct flusher *flusher);

/*
 * Waits for the job, if there is one, and calls done. False: it was not done within so long a time
 * since it was asked.
 */
bool flusher_wait(struct flusher *flusher, int64_t within_ms);

#endif
