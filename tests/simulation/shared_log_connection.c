/* The connection of a simulated chat-serve to the stream: how it begins, breaks, and ends for good.
 */
#include <stdlib.h>

#include "simulation/calls.h"
#include "simulation/jetstream.h"
#include "simulation/kernel.h"
#include "simulation/shared_log_private.h"

#define CONNECT_NS (50 * MILLISECOND)
#define AGAIN_NS SECOND /* between two attempts to open the stream */
#define QUIET_NS (3 * SECOND) /* without an entry until the stream is looked at */
#define MISSING_MOST 5 /* times that it may be missing */

/* An entry that was removed is not looked at. */
static void
send_last_again(struct shared_log *log)
{
	struct note *note;

	if (!log->last || log->last < jetstream_first() || !log_has_stream(log))
		return;
	note = note_new(log, NOTE_AGAIN, CHAT_SPAN(""));
	note->number = log->last;
	note->stored = jetstream_entry(note->number);
	log_send_in_order(note);
}

static void
on_connected(void *arg)
{
	struct shared_log *log = arg;

	if (!log_is_open(log) || log->connected)
		return;
	log->connected = true;
	log_tell_changed(log, "connected to the stream");
	log->target = log_has_stream(log) ? jetstream_last() : log->target;
	send_last_again(log);
	log_send_entries(log);
}

void
shared_log_cut(const struct process *process, int64_t until_ns)
{
	struct shared_log *log = log_first();

	while (log && (log->process != process || log->closed))
		log = log->next;
	if (!log || !log->reading || !log_is_open(log))
		return;
	world_trace("its connection to the stream ends");
	world_tally()->cuts++;
	if (log->connected)
		log_tell_changed(log, "the connection to the stream is lost");
	log->connected = false;
	log->connection++;
	log->next_entry = log->arrived + 1;
	log->arrival_ns = 0;
	log->told = log->caught_up;
	world_at(until_ns, on_connected, log);
}

static void
fail(struct shared_log *log)
{
	log_put_in(log, note_new(log, NOTE_FAILED, CHAT_SPAN("")));
	log->failed = true;
	log->connected = false;
}

/* Looks whether the stream is still there. Who is cut off from it cannot know. */
static void
on_look(void *arg)
{
	struct shared_log *log = arg;

	if (!log_is_open(log))
		return;
	if (!log->connected || !jetstream_has_leader())
		log->missing = 0;
	else
		log->missing = jetstream_made_ms() ? MISSING_MOST + 1 : log->missing + 1;
	if (log->missing <= MISSING_MOST) {
		world_at(world_now_ns() + AGAIN_NS, on_look, log);
		return;
	}
	fail(log);
}

void
shared_log_look(void)
{
	for (struct shared_log *log = log_first(); log; log = log->next)
		if (log_is_open(log) && log->state.made_ms)
			world_at(world_now_ns() + QUIET_NS, on_look, log);
}

bool
shared_log_is_of_now(void)
{
	for (const struct shared_log *log = log_first(); log; log = log->next)
		if (log_is_open(log) && log->state.made_ms && !log_has_stream(log))
			return false;
	return true;
}

/* Connects for the first time. The first server makes the stream. One that has messages of it waits
 * for it, but not for ever: --cluster-wait. */
static void
on_try_to_open(void *arg)
{
	struct shared_log *log = arg;

	if (!log_is_open(log))
		return;
	if (!jetstream_has_leader() || (log->has_copy && !jetstream_made_ms())) {
		log->missing += jetstream_has_leader();
		if (log->missing > MISSING_MOST)
			fail(log);
		else
			world_at(world_now_ns() + AGAIN_NS, on_try_to_open, log);
		return;
	}
	log->missing = 0;
	jetstream_make();
	log->state = (struct shared_log_state){
		.made_ms = jetstream_made_ms(),
		.first = jetstream_first(),
		.last = jetstream_last(),
		.max_payload = JETSTREAM_PAYLOAD,
	};
	log->connected = true;
	log_send_in_order(note_new(log, NOTE_OPENED, CHAT_SPAN("")));
}

struct shared_log *
shared_log_open(const struct shared_log_options *options, uv_loop_t *loop,
	const struct shared_log_events *events, void *arg, struct chat_err *err)
{
	struct shared_log *log = calloc(1, sizeof(*log));

	(void)err;
	if (!log)
		abort();
	log->process = process_self();
	log->has_copy = options->has_copy;
	log->events = events;
	log->arg = arg;
	log->instance = chance_next(world_chance());
	log->inbox_end = &log->inbox;
	log_add(log);
	sim_uv_async_init(loop, &log->wake, log_on_wake);
	log->wake.data = log;
	world_at(world_now_ns() + chance_scale(world_chance(), CONNECT_NS), on_try_to_open, log);
	return log;
}
