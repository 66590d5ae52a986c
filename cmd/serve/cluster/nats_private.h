#ifndef SERVE_CLUSTER_NATS_PRIVATE_H
#define SERVE_CLUSTER_NATS_PRIVATE_H

#include <nats/nats.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "chat/err.h"
#include "serve/cluster/shared_log.h"
#include "serve/util/mailbox.h"

#define NS_PER_MS INT64_C(1000000)
#define THREADS_END_MS 2000 /* for the threads of the library to end */

/*
 * shared_log.h with libnats. nats.c: the functions that the loop calls, and what it is told;
 * nats_worker.c: a thread that connects, makes the stream, and publishes; nats_entries.c: on the
 * same thread, the subscription to the entries; nats_callbacks.c: what the threads of the library
 * call.
 */

/* A note to the loop. */
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

struct note {
	struct letter letter; /* first */
	enum note_kind kind;
	struct shared_log_state state; /* NOTE_OPENED */
	natsMsg *msg; /* NOTE_ENTRY, NOTE_AGAIN and NOTE_HEARD, owned; else NULL */
	struct shared_log_entry entry; /* NOTE_ENTRY and NOTE_AGAIN: its text is in msg */
	uint64_t batch; /* NOTE_ANSWER */
	enum shared_log_answer answer;
	struct chat_err err; /* NOTE_FAILED; its text: NOTE_CHANGED, NOTE_ANSWER */
};

/* A text that the worker is to publish. */
struct order {
	struct order *next, *prev; /* utlist */
	uint64_t batch; /* 0: it is said, not published */
	size_t len;
	char text[];
};

#define INSTANCE_LEN 16 /* characters of a random name of this process */
#define CLUSTER_NAME_MAX 32

struct shared_log {
	const struct shared_log_options *options;
	const struct shared_log_events *events;
	void *arg; /* of the events */
	struct mailbox mailbox;
	uv_thread_t worker;
	bool worker_runs;
	struct note *last_entry; /* of the loop: its text is valid until the next one; or NULL */

	char stream[8 + CLUSTER_NAME_MAX];
	char subjects[16 + CLUSTER_NAME_MAX]; /* of the stream: "chat.NAME.log.>" */
	char subject[16 + CLUSTER_NAME_MAX]; /* of a batch, one of these */
	char instance[INSTANCE_LEN + 1];
	char inbox[64]; /* the subject of answers, with a dot at its end */
	char said[16 + CLUSTER_NAME_MAX]; /* the subject of shared_log_say() */

	/*
	 * Held while an entry is handed to the loop, so that the entries keep their order when a
	 * subscription ends and the next one begins. It is locked before the mutex, and never by
	 * the loop.
	 */
	uv_mutex_t handing;
	uv_mutex_t mutex; /* of what follows */
	uv_cond_t changed; /* the worker has something to do */
	struct order *orders; /* utlist */
	unsigned delivering; /* threads of libnats that may still call nats_on_entry() and the like
			      */
	bool stop, read_asked, has_failed;
	uint64_t after; /* the last entry that the loop was given, or does not want */
	int64_t time_ms; /* of the first entry that it wants in any case; 0: it wants those after it
			  */
	uint64_t target; /* the last entry that was there before the subscription was made */
	bool caught_up;
	int64_t active_ms; /* when an entry came, or the stream was well, by chat_now_ms() */
	bool look_now; /* it is connected again, or entries are missing: look at the stream */
	/*
	 * The stream may be another one than it was: no entry is handed to the loop until the
	 * worker has read the last one again, and has subscribed. The worker sets it with `handing`
	 * held.
	 */
	bool in_doubt;
	unsigned cuts; /* how many times the connection has ended, or entries were missing */
	uint64_t last; /* the entry that was handed to the loop last; 0: none was */
	uint64_t delivered; /* the entries that JetStream has sent to the subscription */

	/* of the worker */
	natsOptions *nats_options;
	natsConnection *connection;
	jsCtx *js;
	natsSubscription *entries; /* others read it if nothing is in doubt */
	natsSubscription *answers, *hearing;
	int64_t made_ms; /* when the stream was made; Unix time */
	unsigned times_missing; /* how many times in a row there was no such stream */
	unsigned times_lost; /* the same for the last entry */
	/* Of the last entry that was read again: its number, and when, by chat_now_ms(). */
	uint64_t checked;
	int64_t checked_ms;
	int64_t next_look_ms; /* the same clock: none before this, unless it is connected again */
	bool look_failed; /* nobody has answered since then */
	unsigned cuts_known; /* of the cuts, those before the subscription: it is to be believed */
	char leader[64]; /* of the stream, when it was looked at; "": it has none */
	bool said_waiting;
};

/* ---- nats.c ---- */

/* Posts a note to the loop. The note is freed in any case. */
void nats_post(struct shared_log *log, struct note *note);
struct note *nats_note(enum note_kind kind);
void nats_say(struct shared_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Says that it is over, once. */
void nats_fail(struct shared_log *log, enum chat_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- nats_worker.c ---- */

void nats_work(void *arg); /* the thread; arg: a struct shared_log */

/* Waits until something changes, for this time at most. Returns false if the thread is to end. */
bool nats_pause(struct shared_log *log, int64_t ms);
const char *nats_why(natsStatus status); /* a sentence about the last error of this thread */
/* When a server has made the stream, in Unix time; 0: no server has. */
int64_t nats_made_ms(const jsStreamConfig *config);

/* ---- nats_entries.c ---- */

/* A new subscription: its thread is counted until it has ended. */
void nats_count_thread(struct shared_log *log, natsSubscription *sub);
void nats_unsubscribe(natsSubscription **sub);
void nats_end_entries(struct shared_log *log); /* no entry is handed to the loop any more */
/* Returns true if the stream is to be looked at. */
bool nats_is_look_due(struct shared_log *log);
/*
 * Looks at the stream: subscribes to it if there is no subscription or entries do not come, and
 * reads the last entry again. Returns false if there is no such stream any more.
 */
bool nats_look(struct shared_log *log);

/* ---- nats_callbacks.c ---- */

void nats_on_entry(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg);
void nats_on_heard(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg);
void nats_on_answer(natsConnection *connection, natsSubscription *sub, natsMsg *msg, void *arg);
void nats_on_complete(void *arg); /* the thread of a subscription ends */
void nats_on_disconnected(natsConnection *connection, void *arg);
void nats_on_reconnected(natsConnection *connection, void *arg);
void nats_on_closed(natsConnection *connection, void *arg);

#endif
