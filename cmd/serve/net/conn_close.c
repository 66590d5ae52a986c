/*
 * The closing handshake (RFC 6455 section 7.1). Each side sends a Close, then the server closes
 * TCP. In three cases the server cannot read a Close of the peer: its framing is lost, its message
 * was given up, or the request was refused with an HTTP status. Then the server sends the queue,
 * closes its side of TCP, and waits for the peer to close the other side (limits->close_ms).
 */
#include "serve/net/conn_private.h"

void
conn_close(struct conn *conn, uint16_t code, const char *reason)
{
	if (conn->state != CONN_OPEN)
		return;
	conn->close_due = true;
	conn->close_code = code;
	conn->close_reason = reason;
	conn->state = CONN_CLOSING;
	conn->since_ms = clock_now_ms(conn->conns->clock);
	conns_flush_later(conn->conns, conn);
}

void
conn_send_close(struct conn *conn)
{
	struct chat_buf close = {0};

	chat_ws_append_close(&close, NULL, conn->close_code, conn->close_reason);
	conn_send(conn, CHAT_WS_CLOSE, block_frame_payload(close.at));
	chat_buf_free(&close);
	conn->close_due = false;
}

void
conn_answer_close(struct conn *conn)
{
	conn_close(conn, conn->close_code, NULL);
}

void
conn_receive_close(struct conn *conn, uint16_t code)
{
	const struct conn_events *events = conn->conns->events;

	conn->close_received = true;
	if (conn->state == CONN_OPEN) {
		conn->close_code = code == 1005 ? 0 : code; /* 1005: a Close without a code */
		if (!events->on_close || events->on_close(conn))
			conn_answer_close(conn);
	}
	conn_finish(conn);
}

void
conn_finish(struct conn *conn)
{
	conn->finish = true;
	if (conn_has_sent_all(conn))
		conn_finish_now(conn);
}

void
conn_finish_now(struct conn *conn)
{
	if (conn->state != CONN_CLOSING || conn->close_due)
		return; /* it is dead, or our Close is not queued yet */
	if (!conn->close_received) {
		stream_shutdown(&conn->stream);
		return;
	}
	stream_close_notify(&conn->stream);
	conn_abort(conn);
}
