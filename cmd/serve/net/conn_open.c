/*
 * The beginning and the end of a connection. acceptors->on_accept leads to conn_start(). After it,
 * the poller calls on_ready() (conns.c) when the socket is readable or writable.
 */
#include "serve/net/conn_private.h"

#include <stdlib.h>

int
conn_start(struct conn *conn, struct conns *conns, int fd, struct tls *tls)
{
	if (stream_open(&conn->stream, fd, tls, &conns->held_bytes) < 0)
		return -1;
	conn->polled = EPOLLIN;
	if (poller_add(&conns->poller, fd, conn->polled, conn) < 0) {
		stream_close(&conn->stream);
		return -1;
	}
	conn->conns = conns;
	conn->next_flush = conn;
	conn->in.head = chat_alloc_zeroed(1, sizeof(*conn->in.head));
	conn->in.head->limit = CHAT_HTTP_HEAD_MAX + CONN_INPUT_BYTES;
	conn->since_ms = conn->in.last_ms = clock_now_ms(conns->clock);
	conn_count_received(conn);
	conns_add(conns, conn);
	return 0;
}

void
conn_trust(struct conn *conn)
{
	conn->in.trusted = true;
}

void
conn_set_polled(struct conn *conn, uint8_t polled)
{
	if (polled & ~conn->polled & EPOLLOUT) /* the socket is full now */
		conn->progress_ms = clock_now_ms(conn->conns->clock);
	conn->polled = polled;
	if (poller_change(&conn->conns->poller, conn->stream.fd, polled, conn) < 0)
		conn_abort(conn);
}

void
conn_pause(struct conn *conn, enum conn_pause reason)
{
	conn->in.paused |= reason;
	if (conn->state != CONN_DEAD)
		conn_poll(conn);
}

void
conn_resume(struct conn *conn, enum conn_pause reason)
{
	conn->in.paused &= ~reason;
	if (conn->state != CONN_DEAD)
		conn_poll(conn);
}

void
conn_abort(struct conn *conn)
{
	struct conns *conns = conn->conns;

	if (conn->state == CONN_DEAD)
		return;
	conn->state = CONN_DEAD;
	conn->close_due = false;
	stream_close(&conn->stream);
	conns_remove(conns, conn);
	conns->queued_bytes -= conn->queue.bytes;
	send_queue_free(&conn->queue, &conns->held_bytes);
	conn_count_received(conn);
	conns_flush_later(conns, conn); /* conns_flush() frees it */
	conns->events->on_closed(conn);
}

void
conn_free(struct conn *conn)
{
	conn_head_free(conn);
	conn_ws_free(conn);
	conn->conns->events->release(conn);
}
