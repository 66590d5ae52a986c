#ifndef SIMULATION_SHARED_LOG_PRIVATE_H
#define SIMULATION_SHARED_LOG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/cluster/shared_log.h"

/*
 * Between shared_log.c, which passes on what is published and stored, and shared_log_connection.c,
 * which opens the connection, ends it, and looks whether the stream is still there.
 */

enum note_kind {
	NOTE_OPENED,
	NOTE_ENTRY,
	NOTE_AGAIN,
	NOTE_CAUGHT_UP,
	NOTE_ANSWER,
	NOTE_HEARD,
	NOTE_CHANGED,
	NOTE_FAILED
};

/* Something that the loop is to be told. */
struct note {
	struct note *next;
	struct shared_log *log; /* while it is on its way */
	unsigned connection; /* of the log, when it was sent */
	enum note_kind kind;
	uint64_t number; /* NOTE_ENTRY, NOTE_AGAIN: of the entry; NOTE_ANSWER: of the batch */
	const struct stored *stored; /* NOTE_ENTRY, NOTE_AGAIN: the entry; NULL: it is lost */
	enum shared_log_answer answer;
	size_t len; /* of the text: what was heard, or a sentence */
	char text[];
};

struct shared_log {
	struct shared_log *next; /* of all */
	struct process *process;
	const struct shared_log_events *events;
	void *arg; /* of the events */
	uv_async_t wake;
	struct note *inbox, **inbox_end; /* what has arrived */
	uint64_t instance; /* a random name */
	uint64_t published; /* the last batch */
	struct shared_log_state state; /* of the stream, when it was opened */
	unsigned missing; /* times in a row that there was no such stream */
	unsigned connection; /* how many there were; its notes do not come with another one */
	bool connected, reading, closed, failed;
	bool has_copy; /* the server has messages of the stream */
	bool told, caught_up; /* NOTE_CAUGHT_UP was sent, has arrived */
	uint64_t next_entry; /* that is sent to the loop */
	uint64_t arrived; /* the last one that has arrived, or that it does not want */
	uint64_t last; /* the last one that has arrived; 0: none has */
	uint64_t target; /* NOTE_CAUGHT_UP comes after this one */
	int64_t arrival_ns; /* of the last note of those that keep their order */
};

/* Returns false if its process has ended, or has closed it, or if it has failed. */
bool log_is_open(const struct shared_log *log);

/* Returns false if the stream was deleted, or if there is another one. */
bool log_has_stream(const struct shared_log *log);

/* Makes a note for this log. */
struct note *note_new(struct shared_log *log, enum note_kind kind, struct chat_span text);

/* Hands a note to the loop now. */
void log_put_in(struct shared_log *log, struct note *note);
void log_tell_changed(struct shared_log *log, const char *sentence);

/* Sends a note that arrives after those that were sent in this order before. */
void log_send_in_order(struct note *note);

/* Sends the entries that there are. */
void log_send_entries(struct shared_log *log);

/* The callback of the log's handle: tells the loop what has arrived. */
void log_on_wake(uv_async_t *wake);

/* The first log of all that there are. */
struct shared_log *log_first(void);

/* A log is one of all from now on. */
void log_add(struct shared_log *log);

#endif
