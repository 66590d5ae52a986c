#ifndef SERVE_WORKER_H
#define SERVE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/event_printer.h"
#include "serve/journal/shared_journal.h"
#include "serve/monitor/totals.h"
#include "serve/session/tokens.h"
#include "serve/shard.h"
#include "serve/stdin_reader.h"
#include "serve/util/mailbox.h"

/*
 * A worker: one more loop of the server, with its thread and its shard (--loops). The server's own
 * loop accepts every connection, reads its request, and hands it to the worker on which the channel
 * lives; what else it wants of a worker it writes into a letter, too. A worker runs until the
 * server drains and its last connection has ended, or until it is stopped.
 */
struct worker {
	struct shard shard;
	struct mailbox mailbox; /* letters of the server to this worker */
	uv_timer_t sweep;
	uv_thread_t thread;
	bool has_thread; /* it was started and not joined */
	bool stopped; /* the loop ends after this turn */
	unsigned sweeps;
	uint64_t channel_bytes[USAGE_KINDS]; /* memory_usage_add_channels(), some sweeps old */
	struct chat_buf events; /* lines of this tick, for the printer */
	struct event_printer *printer; /* borrowed; NULL: no events are printed */
	void (*on_renewed)(void *arg); /* called on the worker's thread: it has the new tokens */
	void (*on_ended)(void *arg); /* the same, once, at its end */
	void *arg;

	_Atomic uint64_t swept_ns; /* when it swept last, by uv_hrtime() */
	uv_mutex_t mutex; /* of `totals` */
	struct totals totals; /* as of the last sweep */
};

/* The parts that a worker is made of. All pointers are borrowed. */
struct worker_options {
	const struct config *config;
	const struct shard *like; /* the server's own */
	const struct shard_shared *shared;
	const struct tokens *tokens; /* path is NULL: no token is needed */
	struct event_printer *printer; /* NULL: no events are printed */
	uint64_t epoch; /* of this process */
	struct shared_journal *shared_journal; /* NULL: no message is stored */
	void (*on_renewed)(void *arg);
	void (*on_ended)(void *arg);
	void *arg;
};

/*
 * Opens a worker with this number, from 1. Its thread is not started: the process may give up
 * rights before that. Returns 0, or -1 with nothing open.
 */
int worker_open(struct worker *worker, const struct worker_options *options, size_t number,
	struct chat_err *err);

/* Starts the thread, with the mask of signals of the calling thread. Returns 0, or -1. */
int worker_start(struct worker *worker, struct chat_err *err);

/* The letters. They are handled in the order of these calls. */

/* Hands over a session that has left its loop. */
void worker_take(struct worker *worker, struct session *session);

/* Passes a line of stdin, for a channel of this worker. */
void worker_take_line(struct worker *worker, const struct stdin_line *line);

/* Gives the worker a copy of the tokens, which were read again. on_renewed follows. */
void worker_renew_tokens(struct worker *worker, const struct tokens *tokens);

/* Ends the worker: it tells every peer, and closes the connections. */
void worker_drain(struct worker *worker);

/* Ends the worker at once, waits for its thread, and handles the letters that are left. */
void worker_stop(struct worker *worker);

/* Aborts what is left, and frees the worker, which is stopped. Part 0 of the
 * shared journal has settled. */
void worker_close(struct worker *worker);

/* Adds its totals, as of its last sweep. */
void worker_add_totals(struct worker *worker, struct totals *totals);

#endif
