/*
 * A connection goes over from one set to another, which belongs to another loop and its thread: the
 * set that has accepted it reads the request, and the set that has the channel answers it. What was
 * read with the request goes along, and so does the state of TLS.
 */
#include "serve/net/conn_private.h"

#include <assert.h>

/* Moves the times of a connection, because each loop has its own clock. */
static void
shift_times(struct conn *conn, int64_t by_ms)
{
	conn->since_ms += by_ms;
	conn->in.last_ms += by_ms;
	conn->progress_ms += by_ms;
}

/* A refusal may have been queued since belongs_elsewhere was asked: then the connection stays. */
void
conn_leave(struct conn *conn)
{
	struct conns *conns = conn->conns;

	if (conn->state != CONN_HANDSHAKE) {
		conn->leaving = false;
		conns_flush_later(conns, conn);
		conn_resume(conn, CONN_PAUSE_MOVE);
		return;
	}
	assert(send_queue_is_empty(&conn->queue) && !conn->in.ws);
	stream_held_by(&conn->stream, NULL);
	poller_remove(&conns->poller, conn->stream.fd);
	conns_remove(conns, conn);
	conns->received_bytes -= conn->in.memory_bytes;
	conn->in.memory_bytes = 0;
	shift_times(conn, -clock_now_ms(conns->clock));
	conns->events->on_left(conn);
}

void
conn_adopt(struct conn *conn, struct conns *conns)
{
	conn->conns = conns;
	conn->next = conn->prev = NULL;
	conn->next_flush = conn;
	conn->leaving = false;
	conn->in.paused &= ~CONN_PAUSE_MOVE;
	shift_times(conn, clock_now_ms(conns->clock));
	conns_add(conns, conn);
	stream_held_by(&conn->stream, &conns->held_bytes);
	conn_count_received(conn);
	conn->polled = EPOLLIN;
	if (poller_add(&conns->poller, conn->stream.fd, conn->polled, conn) < 0) {
		conn_abort(conn);
		return;
	}
	if (stream_unsent(&conn->stream))
		conn_poll(conn);
	if (conn->state != CONN_DEAD)
		conn_reread_head(conn);
	conns->events->on_turn_end(conn);
}
