/* All connections of a loop: flushed once a tick, looked after in turn, freed between ticks. */
#include "serve/net/conns.h"

#include <stdlib.h>

#include "chat/buf.h"
#include "serve/net/evict.h"

#define BATCH_LEAST 8 /* connections to be flushed, from which a batch pays */
#define RELIEF_PART 16 /* of a limit is added in a turn: then it is kept within the turn */
#define FRESH_MS 10 /* of the age of what is half read make little difference */
#define IDLE_WEIGHT 4 /* of the time without a byte, beside the age */

/* ---- bounds ---- */

static size_t
queue_holds(const struct conn *conn)
{
	return send_queue_share(&conn->queue);
}

static bool
queues_fit(const struct conns *conns)
{
	return conns->held_bytes <= conns->limits.all_queues_bytes;
}

/* What is left of one that was dropped is a frame half sent: then it ends without a word. */
static void
queue_ends(struct conn *conn)
{
	if (conn->state == CONN_OPEN)
		conn_drop(conn, "the server's queues are full, and yours is the largest");
	else
		conn_abort(conn);
}

static const struct eviction queues = {queue_holds, queues_fit, queue_ends};

/* Over the limit of all queues small rests leave large blocks; then the largest queues go. */
static void
conns_bound_queues(struct conns *conns)
{
	if (!queues_fit(conns)) {
		for (struct conn *conn = conns->all; conn; conn = conn->next)
			send_queue_compact(&conn->queue, &conns->held_bytes);
		conns_evict(conns, &queues);
	}
	conns->relief_bytes = conns->held_bytes + conns->limits.all_queues_bytes / RELIEF_PART;
}

/*
 * How late what it has half sent is: its age, and more so the time in which nothing of it came. Who
 * is not read because it does not read is as late as may be.
 */
static int64_t
receiver_late_ms(const struct conn *conn)
{
	int64_t begun_ms = conn->state == CONN_HANDSHAKE ? conn->since_ms : conn->message_ms;
	int64_t now_ms = clock_now_ms(conn->conns->clock);

	if (conn->paused & CONN_PAUSE_QUEUE)
		return IDLE_WEIGHT * conn->conns->limits.message_ms;
	return begun_ms ? now_ms - begun_ms + IDLE_WEIGHT * (now_ms - conn->heard_ms) : 0;
}

/*
 * What is half read counts by its memory and by how late it is: many who leave messages unfinished
 * do not make the one the largest whose message is under way.
 */
static size_t
receiver_holds(const struct conn *conn)
{
	return conn->received * (size_t)(receiver_late_ms(conn) + FRESH_MS);
}

static bool
receivers_fit(const struct conns *conns)
{
	return conns->received_bytes <= conns->limits.all_received_bytes;
}

static const struct eviction receivers = {receiver_holds, receivers_fit, conn_give_up_received};

static void
conns_bound_received(struct conns *conns)
{
	conns_evict(conns, &receivers);
	conns->refusal_bytes =
		conns->received_bytes + conns->limits.all_received_bytes / RELIEF_PART;
}

static void
conns_keep_bounds(struct conns *conns)
{
	conns_bound_queues(conns);
	conns_bound_received(conns);
}

/* In the middle of a turn that has queued much: what can be sent is sent, the bound is kept. */
static void
conns_relieve(struct conns *conns)
{
	for (struct conn *conn = conns->flush; conn; conn = conn->next_flush)
		if (conn->state != CONN_DEAD)
			conn_write(conn);
	conns_bound_queues(conns);
}

static void
on_ready(void *arg, uint32_t events)
{
	struct conns *conns = ((struct conn *)arg)->conns;

	conn_ready(arg, events);
	conns->events->on_turn_end(arg);
	if (conns->held_bytes > conns->relief_bytes)
		conns_relieve(conns);
	if (conns->received_bytes > conns->refusal_bytes)
		conns_bound_received(conns);
}

/* ---- the set ---- */

int
conns_open(struct conns *conns, struct clock *clock, const struct conn_events *events,
	const struct conn_limits *limits, struct chat_err *err)
{
	*conns = (struct conns){.clock = clock, .events = events, .limits = *limits};
	conns_keep_bounds(conns);
	if (poller_open(&conns->poller, clock->loop, on_ready, err) < 0)
		return -1;
	conns->ws_pool = chat_ws_pool_new();
	conns->input = chat_alloc(CONN_INPUT_BYTES);
	conns->batch = send_batch_open();
	chat_ws_init(&conns->scratch, CHAT_WS_SERVER);
	return 0;
}

void
conns_close(struct conns *conns)
{
	poller_close(&conns->poller);
	send_batch_close(conns->batch);
	chat_ws_free(&conns->scratch, conns->ws_pool);
	chat_ws_pool_free(conns->ws_pool);
	free(conns->input);
}

void
conns_add(struct conns *conns, struct conn *conn)
{
	conn->next = conns->all;
	if (conns->all)
		conns->all->prev = conn;
	conns->all = conn;
	conns->count++;
}

void
conns_remove(struct conns *conns, struct conn *conn)
{
	if (conns->sweep == conn)
		conns->sweep = conn->next;
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		conns->all = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	conns->count--;
}

/* The next one to be flushed. */
static struct conn *
conns_pop(struct conns *conns)
{
	struct conn *conn = conns->flush;

	if (!conn)
		return NULL;
	conns->flush = conn->next_flush;
	conns->flush_count--;
	conn->next_flush = conn;
	return conn;
}

void
conns_flush(struct conns *conns)
{
	struct send_batch *batch = conns->flush_count >= BATCH_LEAST ? conns->batch : NULL;
	struct conn *conn;

	conns->agreeing_ns = 0;
	conns->resumed_bytes = 0;
	do {
		while ((conn = conns_pop(conns))) {
			if (conn->state == CONN_DEAD)
				conn_bury(conn);
			else
				conn_flush(conn, batch);
		}
		if (batch)
			conns_run_batch(batch);
		if (!conns->flush)
			conns_keep_bounds(conns);
	} while (conns->flush);
}

/* ---- deadlines ---- */

static void
conn_give_up(struct conn *conn, const char *why)
{
	conn->conns->events->on_rejection(conn, 0, why);
	conn_abort(conn);
}

static void
sweep_open(struct conn *conn, int64_t now)
{
	const struct conn_limits *limits = &conn->conns->limits;
	int64_t silence;

	if (!conn_reads(conn)) { /* nobody reads what it says: the silence is ours */
		conn->heard_ms = now;
		conn->message_ms = conn->message_ms ? now : 0;
	}
	silence = now - conn->heard_ms;
	if (!send_queue_is_empty(&conn->queue) && now - conn->progress_ms > limits->progress_ms) {
		conn_drop(conn, "you have not read for too long");
	} else if (conn->message_ms && now - conn->message_ms > limits->message_ms) {
		conn->conns->events->on_violation(
			conn, 1008, "the message took too long to arrive");
		conn_close(conn, 1008, "message took too long");
	} else if (conn->pinged && silence > limits->ping_ms + limits->pong_ms) {
		conn->conns->silent++;
		conn_give_up(conn, "it does not answer a ping");
	} else if (!conn->pinged && silence > limits->ping_ms) {
		conn->pinged = true;
		conn_send(conn, CHAT_WS_PING, (struct chat_span){0});
	}
}

static void
sweep_one(struct conn *conn, int64_t now)
{
	const struct conn_limits *limits = &conn->conns->limits;

	switch (conn->state) {
	case CONN_HANDSHAKE:
		if (now - conn->since_ms <= limits->head_ms)
			break;
		conn->conns->late++;
		if (stream_is_up(&conn->stream))
			conn_refuse(conn, 408, NULL, "the request head took too long");
		else
			conn_give_up(conn, "it does not agree on TLS in time");
		break;
	case CONN_OPEN:
		sweep_open(conn, now);
		break;
	case CONN_CLOSING:
		if (now - conn->since_ms > limits->close_ms)
			conn_abort(conn);
		break;
	default:
		break;
	}
}

void
conns_sweep(struct conns *conns, size_t parts)
{
	if (!conns->sweep) {
		conns->sweep = conns->all;
		conns->sweep_count = conns->count; /* fewer by its end, but each part is as long */
	}
	for (size_t i = conns->sweep_count / parts + 1; i && conns->sweep; i--) {
		struct conn *conn = conns->sweep;

		conns->sweep = conn->next;
		sweep_one(conn, clock_now_ms(conns->clock));
	}
}
