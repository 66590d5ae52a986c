/*
 * The shared log of a simulated chat-serve, in place of libnats and its threads: what the server
 * publishes goes to the stream (jetstream.c), and what the stream has comes back on the loop. All
 * of it takes time, and may be late, lost or doubled. What is on its way when a connection ends
 * does not arrive.
 */
#include "serve/cluster/shared_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/calls.h"
#include "simulation/jetstream.h"
#include "simulation/kernel.h"

#define SHORT_NS (3 * MILLISECOND) /* the usual time of a way */
#define CONNECT_NS (50 * MILLISECOND)
#define AGAIN_NS SECOND /* between two attempts to open the stream */
#define TURN_NOTES 64 /* that come to the loop in one turn */

enum note_kind {
	NOTE_OPENED,
	NOTE_ENTRY,
	NOTE_AGAIN,
	NOTE_CAUGHT_UP,
	NOTE_ANSWER,
	NOTE_HEARD,
	NOTE_CHANGED
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

/* A batch on its way to the stream. */
struct parcel {
	struct shared_log *log;
	unsigned connection;
	uint64_t batch;
	size_t len;
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
	unsigned connection; /* how many there were; its notes do not come with another one */
	bool connected, reading, closed;
	bool told, caught_up; /* NOTE_CAUGHT_UP was sent, has arrived */
	uint64_t next_entry; /* that is sent to the loop */
	uint64_t arrived; /* the last one that has arrived, or that it does not want */
	uint64_t last; /* the last one that has arrived; 0: none has */
	uint64_t target; /* NOTE_CAUGHT_UP comes after this one */
	int64_t arrival_ns; /* of the last note of those that keep their order */
};

static struct shared_log *logs;

/* Returns false if its process has ended, or has closed it. */
static bool
is_open(const struct shared_log *log)
{
	return !world_is_ending() && process_is_alive(log->process) && !log->closed;
}

static int64_t
draw_way_ns(void)
{
	const struct faults *faults = world_faults();

	return chance_scale(world_chance(),
		chance_hits(world_chance(), faults->stream_late) ? faults->stream_ns : SHORT_NS);
}

/* ---- notes to the loop ---- */

static struct note *
note_new(struct shared_log *log, enum note_kind kind, struct chat_span text)
{
	struct note *note = calloc(1, sizeof(*note) + text.len + 1);

	if (!note)
		abort();
	note->log = log;
	note->connection = log->connection;
	note->kind = kind;
	note->len = text.len;
	memcpy(note->text, text.at, text.len);
	return note;
}

static void
put_in(struct shared_log *log, struct note *note)
{
	*log->inbox_end = note;
	log->inbox_end = &note->next;
	sim_uv_async_send(&log->wake);
}

static void
on_note_arrives(void *arg)
{
	struct note *note = arg;
	struct shared_log *log = note->log;

	if (!is_open(log) || note->connection != log->connection) {
		free(note);
		return;
	}
	if (note->kind == NOTE_ENTRY)
		log->arrived = log->last = note->number;
	log->caught_up |= note->kind == NOTE_CAUGHT_UP;
	put_in(log, note);
}

/* Sends a note that arrives after those that were sent in this order before. */
static void
send_in_order(struct note *note)
{
	struct shared_log *log = note->log;
	int64_t time_ns = world_now_ns() + draw_way_ns();

	if (log->arrival_ns < time_ns)
		log->arrival_ns = time_ns;
	world_at(log->arrival_ns, on_note_arrives, note);
}

static void
tell_changed(struct shared_log *log, const char *sentence)
{
	put_in(log, note_new(log, NOTE_CHANGED, chat_span_of(sentence)));
}

static void
tell_opened(const struct shared_log *log)
{
	const struct shared_log_state state = {
		.made_ms = jetstream_made_ms(),
		.first = jetstream_first(),
		.last = jetstream_last(),
		.max_payload = JETSTREAM_PAYLOAD,
	};

	log->events->opened(log->arg, &state);
}

static void
tell_entry(const struct shared_log *log, const struct note *note)
{
	const struct stored *stored = note->stored;
	struct shared_log_entry entry = {.number = note->number};

	if (stored) {
		entry.time_ms = stored->time_ms;
		entry.batch = stored->instance == log->instance ? stored->batch : 0;
		entry.text = stored->text;
	}
	if (note->kind == NOTE_ENTRY)
		log->events->entry(log->arg, &entry);
	else
		log->events->again(log->arg, &entry);
}

static void
tell(const struct shared_log *log, const struct note *note)
{
	switch (note->kind) {
	case NOTE_OPENED:
		tell_opened(log);
		break;
	case NOTE_ENTRY:
	case NOTE_AGAIN:
		tell_entry(log, note);
		break;
	case NOTE_CAUGHT_UP:
		log->events->caught_up(log->arg);
		break;
	case NOTE_ANSWER:
		log->events->answer(log->arg, note->number, note->answer, note->text);
		break;
	case NOTE_HEARD:
		log->events->heard(log->arg, (struct chat_span){note->text, note->len});
		break;
	case NOTE_CHANGED:
		log->events->changed(log->arg, note->text);
		break;
	}
}

static struct note *
take_note(struct shared_log *log)
{
	struct note *note = log->inbox;

	if (!note)
		return NULL;
	log->inbox = note->next;
	if (!log->inbox)
		log->inbox_end = &log->inbox;
	return note;
}

static void
on_wake(uv_async_t *wake)
{
	struct shared_log *log = wake->data;

	for (int i = 0; i < TURN_NOTES && log->inbox; i++) {
		struct note *note = take_note(log);

		tell(log, note);
		free(note);
	}
	if (log->inbox)
		sim_uv_async_send(wake); /* the next turn takes the rest */
}

/* ---- entries ---- */

static void
send_entries(struct shared_log *log)
{
	struct note *note;

	if (!log->connected || !log->reading || !is_open(log))
		return;
	if (log->next_entry < jetstream_first())
		log->next_entry = jetstream_first();
	for (; log->next_entry <= jetstream_last(); log->next_entry++) {
		note = note_new(log, NOTE_ENTRY, CHAT_SPAN(""));
		note->number = log->next_entry;
		note->stored = jetstream_entry(note->number);
		send_in_order(note);
	}
	if (log->told || log->next_entry <= log->target)
		return;
	log->told = true;
	send_in_order(note_new(log, NOTE_CAUGHT_UP, CHAT_SPAN("")));
}

void
shared_log_pass_on(void)
{
	for (struct shared_log *log = logs; log; log = log->next)
		send_entries(log);
}

static void
on_subscribed(void *arg)
{
	struct shared_log *log = arg;

	if (!is_open(log))
		return;
	log->target = jetstream_last();
	log->reading = true;
	send_entries(log);
}

void
shared_log_read(struct shared_log *log, uint64_t after, int64_t time_ms)
{
	log->next_entry = after + 1;
	for (uint64_t number = jetstream_first(); time_ms && number <= after; number++)
		if (jetstream_entry(number)->time_ms >= time_ms) {
			log->next_entry = number;
			break;
		}
	log->arrived = log->next_entry - 1;
	world_at(world_now_ns() + draw_way_ns(), on_subscribed, log);
}

/* ---- publishing ---- */

static void
answer(const struct parcel *parcel, enum publication publication)
{
	static const enum shared_log_answer answers[] = {
		SHARED_LOG_STORED, SHARED_LOG_AWAY, SHARED_LOG_REFUSED};
	struct shared_log *log = parcel->log;
	bool lost = chance_hits(world_chance(), world_faults()->stream_lost);
	int times = chance_hits(world_chance(), world_faults()->stream_twice) ? 2 : 1;

	if (lost || publication == PUBLICATION_LOST || !is_open(log) ||
		parcel->connection != log->connection) {
		world_tally()->batches_lost++;
		return;
	}
	while (times--) {
		struct note *note = note_new(log, NOTE_ANSWER, CHAT_SPAN("insufficient resources"));

		note->number = parcel->batch;
		note->answer = answers[publication];
		world_at(world_now_ns() + draw_way_ns(), on_note_arrives, note);
	}
}

/* The batch is stored also if its server has ended meanwhile. */
static void
on_parcel_arrives(void *arg)
{
	struct parcel *parcel = arg;
	enum publication publication;

	if (!world_is_ending()) {
		publication = jetstream_publish(&(struct stored){
			.instance = parcel->log->instance,
			.batch = parcel->batch,
			.text = {parcel->text, parcel->len},
		});
		answer(parcel, publication);
		shared_log_pass_on();
	}
	free(parcel);
}

static struct parcel *
parcel_new(struct shared_log *log, uint64_t batch, struct chat_span text)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel) + text.len);

	if (!parcel)
		abort();
	parcel->log = log;
	parcel->connection = log->connection;
	parcel->batch = batch;
	parcel->len = text.len;
	memcpy(parcel->text, text.at, text.len);
	return parcel;
}

void
shared_log_publish(struct shared_log *log, uint64_t batch, struct chat_span text)
{
	if (log->connected)
		world_at(world_now_ns() + draw_way_ns(), on_parcel_arrives,
			parcel_new(log, batch, text));
}

void
shared_log_say(struct shared_log *sender, struct chat_span text)
{
	if (!sender->connected)
		return;
	for (struct shared_log *log = logs; log; log = log->next)
		if (is_open(log) && log->connected && log->reading &&
			!chance_hits(world_chance(), world_faults()->stream_says))
			world_at(world_now_ns() + draw_way_ns(), on_note_arrives,
				note_new(log, NOTE_HEARD, text));
}

/* ---- the connection ---- */

/* An entry that was removed is not looked at. */
static void
send_last_again(struct shared_log *log)
{
	struct note *note;

	if (!log->last || log->last < jetstream_first())
		return;
	note = note_new(log, NOTE_AGAIN, CHAT_SPAN(""));
	note->number = log->last;
	note->stored = jetstream_entry(note->number);
	send_in_order(note);
}

static void
on_connected(void *arg)
{
	struct shared_log *log = arg;

	if (!is_open(log) || log->connected)
		return;
	log->connected = true;
	tell_changed(log, "connected to the stream");
	send_last_again(log);
	send_entries(log);
}

void
shared_log_cut(const struct process *process, int64_t until_ns)
{
	struct shared_log *log = logs;

	while (log && (log->process != process || log->closed))
		log = log->next;
	if (!log || !log->reading || !is_open(log))
		return;
	world_trace("its connection to the stream ends");
	world_tally()->cuts++;
	if (log->connected)
		tell_changed(log, "the connection to the stream is lost");
	log->connected = false;
	log->connection++;
	log->next_entry = log->arrived + 1;
	log->arrival_ns = 0;
	log->told = log->caught_up;
	world_at(until_ns, on_connected, log);
}

/* Connects for the first time. The first server makes the stream. */
static void
on_try_to_open(void *arg)
{
	struct shared_log *log = arg;

	if (!is_open(log))
		return;
	if (!jetstream_has_leader()) {
		world_at(world_now_ns() + AGAIN_NS, on_try_to_open, log);
		return;
	}
	jetstream_make(world_unix_ns() / MILLISECOND);
	log->connected = true;
	send_in_order(note_new(log, NOTE_OPENED, CHAT_SPAN("")));
}

struct shared_log *
shared_log_open(const struct shared_log_options *options, uv_loop_t *loop,
	const struct shared_log_events *events, void *arg, struct chat_err *err)
{
	struct shared_log *log = calloc(1, sizeof(*log));

	(void)options;
	(void)err;
	if (!log)
		abort();
	log->process = process_self();
	log->events = events;
	log->arg = arg;
	log->instance = chance_next(world_chance());
	log->inbox_end = &log->inbox;
	log->next = logs;
	logs = log;
	sim_uv_async_init(loop, &log->wake, on_wake);
	log->wake.data = log;
	world_at(world_now_ns() + chance_scale(world_chance(), CONNECT_NS), on_try_to_open, log);
	return log;
}

void
shared_log_close(struct shared_log *log)
{
	if (log->closed)
		return;
	log->closed = true;
	if (!sim_uv_is_closing((uv_handle_t *)&log->wake))
		sim_uv_close((uv_handle_t *)&log->wake, NULL);
}

/* It is freed at the end of the world, because something may be on its way to it. */
void
shared_log_free(struct shared_log *log)
{
	struct note *note;

	while ((note = take_note(log)))
		free(note);
}

void
shared_log_end(void)
{
	while (logs) {
		struct shared_log *log = logs;

		logs = log->next;
		shared_log_free(log);
		free(log);
	}
}
