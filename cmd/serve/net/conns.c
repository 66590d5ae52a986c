/*
 * The set of all connections, and their part of a turn of the loop. The poller calls on_ready() for
 * each connection that is readable or writable. At the end of the tick conns_flush() sends the
 * bytes that were queued, and frees the dead connections.
 */
#include "serve/net/conn_private.h"

#include <stdlib.h>

#define BATCH_MIN 8 /* io_uring is faster for at least this many connections to flush */
/* In one turn, resume_write() sends no more after this many bytes. */
#define RESUMED_BYTES_MAX ((uint64_t)4 << 20)

/* ---- readiness ---- */

/*
 * Sends to a connection that is writable again. If many are writable, a turn sends to some of them;
 * the others are still writable in the next turn.
 */
static void
resume_write(struct conn *conn)
{
	struct conns *conns = conn->conns;
	uint64_t before = conns->bytes_out;

	if (conns->resumed_bytes >= RESUMED_BYTES_MAX)
		return;
	conn_write(conn);
	conns->resumed_bytes += conns->bytes_out - before;
}

static void
handle_ready(struct conn *conn, uint32_t events)
{
	bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0; /* conn_read() gets the error */

	if (conn->state == CONN_DEAD)
		return;
	if (events & EPOLLOUT)
		resume_write(conn);
	if (conn->state != CONN_DEAD && (broken || ((events & EPOLLIN) && !conn->in.paused)))
		conn_read(conn);
	if (conn->state != CONN_DEAD && conn->stream.tls)
		conn_poll(conn); /* TLS may have answered by itself */
}

/* Sends all queues as far as the sockets accept, and enforces the limit of all queues. */
static void
relieve_queues(struct conns *conns)
{
	for (struct conn *conn = conns->flush; conn; conn = conn->next_flush)
		if (conn->state != CONN_DEAD)
			conn_write(conn);
	slow_readers_enforce_limit(conns);
}

/* The poller calls this for each connection that is ready. arg is the connection. */
static void
on_ready(void *arg, uint32_t events)
{
	struct conns *conns = ((struct conn *)arg)->conns;

	handle_ready(arg, events);
	conns->events->on_turn_end(arg);
	if (conns->held_bytes > conns->relief_held_bytes)
		relieve_queues(conns);
	if (conns->received_bytes > conns->relief_received_bytes)
		receive_limit_enforce(conns);
}

/* ---- the set ---- */

static void
enforce_limits(struct conns *conns)
{
	slow_readers_enforce_limit(conns);
	receive_limit_enforce(conns);
}

/* Opens all but the batch. */
static int
open_set(struct conns *conns, struct clock *clock, const struct conn_events *events,
	const struct conn_limits *limits, struct chat_err *err)
{
	*conns = (struct conns){.clock = clock, .events = events, .limits = *limits};
	enforce_limits(conns);
	if (poller_open(&conns->poller, clock->loop, on_ready, err) < 0)
		return -1;
	conns->ws_pool = chat_ws_pool_new();
	conns->input = chat_alloc(CONN_INPUT_BYTES);
	conns->shared = send_shared_open();
	chat_ws_init(&conns->scratch, CHAT_WS_SERVER);
	return 0;
}

int
conns_open(struct conns *conns, struct clock *clock, const struct conn_events *events,
	const struct conn_limits *limits, struct chat_err *err)
{
	if (open_set(conns, clock, events, limits, err) < 0)
		return -1;
	conns->batch = send_batch_open();
	return 0;
}

int
conns_open_like(
	struct conns *conns, const struct conns *other, struct clock *clock, struct chat_err *err)
{
	if (open_set(conns, clock, other->events, &other->limits, err) < 0)
		return -1;
	conns->batch = other->batch ? send_batch_prepare() : NULL;
	return 0;
}

void
conns_enter(struct conns *conns)
{
	if (!conns->batch || send_batch_enable(conns->batch))
		return;
	send_batch_close(conns->batch);
	conns->batch = NULL; /* each connection is sent to alone */
}

void
conns_close(struct conns *conns)
{
	poller_close(&conns->poller);
	send_batch_close(conns->batch);
	send_shared_close(conns->shared);
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

/* ---- the end of a tick ---- */

/* Removes the first connection from conns->flush. Returns it, or NULL if the list is empty. */
static struct conn *
next_to_flush(struct conns *conns)
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
	struct send_batch *batch = conns->flush_count >= BATCH_MIN ? conns->batch : NULL;
	struct conn *conn;

	conns->tls_handshake_ns = 0;
	conns->resumed_bytes = 0;
	do {
		while ((conn = next_to_flush(conns))) {
			if (conn->state == CONN_DEAD)
				conn_free(conn);
			else if (conn->leaving)
				conn_leave(conn);
			else
				conn_flush(conn, batch);
		}
		if (batch)
			conns_run_batch(batch);
		if (!conns->flush)
			enforce_limits(conns);
	} while (conns->flush);
	if (conns->shared)
		send_shared_end(conns->shared);
}
