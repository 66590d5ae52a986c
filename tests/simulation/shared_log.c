/*
 * The shared log of a simulated chat-serve, in place of libnats and its threads: what the server
 * publishes goes to the stream (jetstream.c), and what the stream has comes back on the loop. All
 * of it takes time, and may be late, lost or doubled. What is on its way when a connection ends
 * does not arrive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/calls.h"
#include "simulation/jetstream.h"
#include "simulation/kernel.h"
#include "simulation/shared_log_private.h"
#include "simulation/stranger.h"

#define SHORT_NS (3 * MILLISECOND) /* the usual time of a way */
#define TURN_NOTES 64 /* that come to the loop in one turn */

/* A batch on its way to the stream. */
struct parcel {
	struct shared_log *log;
	unsigned connection;
	uint64_t batch;
	size_t len;
	char text[];
};

static struct shared_log *logs;

struct shared_log *
log_first(void)
{
	return logs;
}

void
log_add(struct shared_log *log)
{
	log->next = logs;
	logs = log;
}

bool
log_is_open(const struct shared_log *log)
{
	return !world_is_ending() && process_is_alive(log->process) && !log->closed && !log->failed;
}

bool
log_has_stream(const struct shared_log *log)
{
	return log->state.made_ms == jetstream_made_ms();
}

static int64_t
draw_way_ns(void)
{
	const struct faults *faults = world_faults();

	return chance_scale(world_chance(),
		chance_hits(world_chance(), faults->stream_late) ? faults->stream_ns : SHORT_NS);
}

/* ---- notes to the loop ---- */

struct note *
note_new(struct shared_log *log, enum note_kind kind, struct chat_span text)
{
	struct note *note = calloc(1, sizeof(*note) + text.len + 1);

	if (!note)
		abort();
	note->log = log;
	note->connection = log->connection;
	note->kind = kind;
	note->len = text.len;
	if (text.len)
		memcpy(note->text, text.at, text.len);
	return note;
}

void
log_put_in(struct shared_log *log, struct note *note)
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

	if (!log_is_open(log) || note->connection != log->connection) {
		free(note);
		return;
	}
	if (note->kind == NOTE_ENTRY)
		log->arrived = log->last = note->number;
	log->caught_up |= note->kind == NOTE_CAUGHT_UP;
	log_put_in(log, note);
}

void
log_send_in_order(struct note *note)
{
	struct shared_log *log = note->log;
	int64_t time_ns = world_now_ns() + draw_way_ns();

	if (log->arrival_ns < time_ns)
		log->arrival_ns = time_ns;
	world_at(log->arrival_ns, on_note_arrives, note);
}

void
log_tell_changed(struct shared_log *log, const char *sentence)
{
	log_put_in(log, note_new(log, NOTE_CHANGED, chat_span_of(sentence)));
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
tell_failed(const struct shared_log *log)
{
	const struct chat_err err = {.code = log->state.made_ms ? CHAT_IO_ERROR : CHAT_TRY_LATER,
		.text = "the stream of the simulation was deleted"};

	log->events->failed(log->arg, &err);
}

static void
tell(const struct shared_log *log, const struct note *note)
{
	switch (note->kind) {
	case NOTE_OPENED:
		log->events->opened(log->arg, &log->state);
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
	case NOTE_FAILED:
		tell_failed(log);
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

void
log_on_wake(uv_async_t *wake)
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

void
log_send_entries(struct shared_log *log)
{
	struct note *note;

	if (!log->connected || !log->reading || !log_is_open(log) || !log_has_stream(log))
		return;
	if (log->next_entry < jetstream_first())
		log->next_entry = jetstream_first();
	for (; log->next_entry <= jetstream_last(); log->next_entry++) {
		note = note_new(log, NOTE_ENTRY, CHAT_SPAN(""));
		note->number = log->next_entry;
		note->stored = jetstream_entry(note->number);
		log_send_in_order(note);
	}
	if (log->told || log->next_entry <= log->target)
		return;
	log->told = true;
	log_send_in_order(note_new(log, NOTE_CAUGHT_UP, CHAT_SPAN("")));
}

void
shared_log_pass_on(void)
{
	for (struct shared_log *log = logs; log; log = log->next)
		log_send_entries(log);
}

static void
on_subscribed(void *arg)
{
	struct shared_log *log = arg;

	if (!log_is_open(log))
		return;
	log->target = log_has_stream(log) ? jetstream_last() : log->state.last;
	log->reading = true;
	log_send_entries(log);
}

void
shared_log_read(struct shared_log *log, uint64_t after, int64_t time_ms)
{
	log->next_entry = after + 1;
	for (uint64_t number = jetstream_first();
		time_ms && log_has_stream(log) && number <= after && number <= jetstream_last();
		number++)
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

	if (lost || publication == PUBLICATION_LOST || !log_is_open(log) ||
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
	if (text.len)
		memcpy(parcel->text, text.at, text.len);
	return parcel;
}

void
shared_log_publish(struct shared_log *log, uint64_t batch, struct chat_span text)
{
	if (log->published < batch)
		log->published = batch;
	if (log->connected)
		world_at(world_now_ns() + draw_way_ns(), on_parcel_arrives,
			parcel_new(log, batch, text));
}

void
shared_log_tell_all(struct chat_span text)
{
	for (struct shared_log *log = logs; log; log = log->next)
		if (log_is_open(log) && log->connected && log->reading &&
			!chance_hits(world_chance(), world_faults()->stream_says))
			world_at(world_now_ns() + draw_way_ns(), on_note_arrives,
				note_new(log, NOTE_HEARD, text));
}

void
shared_log_say(struct shared_log *log, struct chat_span text)
{
	if (!log->connected)
		return;
	stranger_overhear(text);
	shared_log_tell_all(text);
}

bool
shared_log_next_batch(uint64_t which, struct stored *batch)
{
	const struct shared_log *log = logs;

	for (; which && log; which--)
		log = log->next;
	if (!log)
		return false;
	batch->instance = log->instance;
	batch->batch = log->published + 1;
	return true;
}

/* ---- the end ---- */

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
