#ifndef SERVE_CLUSTER_SHARED_LOG_H
#define SERVE_CLUSTER_SHARED_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * The stream of a cluster: a stream of NATS JetStream, which has one entry for each batch. All
 * servers read all entries in the same order, and each server publishes its batches there. The
 * library of NATS has threads of its own; here everything is called on the loop.
 */
struct shared_log;

struct shared_log_options {
	const char *urls; /* with commas between them */
	const char *name; /* of the cluster */
	int64_t replicas; /* copies, if the stream is made */
	int64_t wait_ms; /* for the first connection; 0: for ever */
	const char *creds, *ca, *cert, *key; /* files; NULL: none */
	bool has_copy; /* the server has messages of the stream, which so must not be made anew */
};

/* The entries of the stream when it is opened. */
struct shared_log_state {
	int64_t made_ms; /* Unix time */
	uint64_t first, last; /* numbers of its entries; last is below first if it has none */
	size_t max_payload; /* bytes of an entry */
};

struct shared_log_entry {
	uint64_t number; /* ascending from 1, with gaps where entries were removed */
	int64_t time_ms; /* Unix time of the stream's leader when it stored the entry */
	uint64_t batch; /* of shared_log_publish(); 0: another server has published it */
	struct chat_span text; /* valid until the next entry is passed */
};

enum shared_log_answer {
	SHARED_LOG_STORED, /* its entry comes, or has come; need not be told */
	SHARED_LOG_AWAY, /* nobody can store it now: it is to be published again */
	/* It is not stored by this publication, but may be by another one. */
	SHARED_LOG_REFUSED
};

struct shared_log_events {
	/* The stream is there. The owner calls shared_log_read(). */
	void (*opened)(void *arg, const struct shared_log_state *state);
	void (*entry)(void *arg, const struct shared_log_entry *entry);
	/*
	 * The last entry that was passed to `entry`, read again, because the stream may have lost
	 * it since; no other entry comes before that is known. text.at is NULL: the stream does not
	 * have it any more, and has not removed it by its limits. The batch is not set.
	 */
	void (*again)(void *arg, const struct shared_log_entry *entry);
	/* All entries that the stream had were passed to `entry`. Called again after a reconnect.
	 */
	void (*caught_up)(void *arg);
	/* why: the reason, if it is not stored now. */
	void (*answer)(void *arg, uint64_t batch, enum shared_log_answer answer, const char *why);
	/* Another server, or this one, has said something: shared_log_say(). */
	void (*heard)(void *arg, struct chat_span text);
	/* A sentence for the operator. */
	void (*changed)(void *arg, const char *sentence);
	/* The stream cannot be used any more. Nothing else is called after this. */
	void (*failed)(void *arg, const struct chat_err *err);
};

/*
 * Begins to connect. The options are borrowed. Returns NULL with CHAT_USAGE or CHAT_CANNOT_OPEN if
 * they cannot be used.
 */
struct shared_log *shared_log_open(const struct shared_log_options *options, uv_loop_t *loop,
	const struct shared_log_events *events, void *arg, struct chat_err *err);

/*
 * Asks for all entries after this number; if time_ms is not 0, also for those before it that are
 * not older.
 */
void shared_log_read(struct shared_log *shared_log, uint64_t after, int64_t time_ms);

/*
 * Publishes a batch. The text is copied. If the same number is published again, there
 * is one entry. The numbers must not be 0.
 */
void shared_log_publish(struct shared_log *shared_log, uint64_t batch, struct chat_span text);

/*
 * Says something to all servers of the cluster that are connected now. The text is copied. It is
 * not stored, and it may be lost.
 */
void shared_log_say(struct shared_log *log, struct chat_span text);

/* Ends the threads, and closes the handles on the loop. Waits for an answer for some seconds. */
void shared_log_close(struct shared_log *shared_log);

/* Frees the stream after the loop has closed its handles. */
void shared_log_free(struct shared_log *shared_log);

#endif
