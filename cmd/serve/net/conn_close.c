/*
 * The closing handshake (RFC 6455 section 7.1). Each side sends a Close, and the server closes TCP
 * first. Where the peer's Close cannot be read any more (its framing is lost, or its message was
 * given up), and behind an HTTP refusal, our side of TCP ends with the last byte of the queue, and
 * the peer is expected to close the other.
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
conn_receive_close(struct conn *conn, uint16_t code)
{
	conn->close_received = true;
	conn_close(conn, code == 1005 ? 0 : code, NULL); /* 1005: it has no code, nor has ours */
	conn_finish(conn);
}

void
conn_finish(struct conn *conn)
{
	conn->finish = true;
	if (send_queue_is_empty(&conn->queue))
		conn_finish_now(conn);
}

void
conn_finish_now(struct conn *conn)
{
	if (conn->state != CONN_CLOSING || conn->close_due)
		return; /* it is dead already, or our Close is still to be queued */
	if (!conn->close_received) {
		stream_shutdown(&conn->stream);
		return;
	}
	stream_close_notify(&conn->stream);
	conn_abort(conn);
}
