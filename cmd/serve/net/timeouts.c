/*
 * The timeouts of connections: for the request head, a message, the answer to a ping, the send
 * queue, and the closing handshake. The server's sweep calls conns_sweep() several times a second,
 * and each call checks one part of the connections.
 */
#include "serve/net/conn_private.h"

static void
abort_with_reason(struct conn *conn, const char *why)
{
	conn->conns->events->on_rejection(conn, 0, why);
	conn_abort(conn);
}

static void
check_handshake(struct conn *conn, int64_t now_ms)
{
	if (now_ms - conn->since_ms <= conn->conns->limits.head_ms)
		return;
	conn->conns->late++;
	if (conn_can_answer(conn))
		conn_refuse(conn, 408, "the request head took too long");
	else if (conn->in.awaits_proxy_header)
		abort_with_reason(conn, "the PROXY header took too long");
	else
		abort_with_reason(conn, "it does not agree on TLS in time");
}

static void
check_silence(struct conn *conn, int64_t silence_ms)
{
	const struct conn_limits *limits = &conn->conns->limits;

	if (conn->in.pinged && silence_ms > limits->ping_ms + limits->pong_ms) {
		conn->conns->silent++;
		abort_with_reason(conn, "it does not answer a ping");
	} else if (!conn->in.pinged && silence_ms > limits->ping_ms) {
		conn->in.pinged = true;
		conn_send(conn, CHAT_WS_PING, (struct chat_span){0});
	}
}

static void
check_open(struct conn *conn, int64_t now_ms)
{
	const struct conn_limits *limits = &conn->conns->limits;

	if (conn->in.paused) { /* we do not read: the peer is not late */
		conn->in.last_ms = now_ms;
		conn->in.message_ms = conn->in.message_ms ? now_ms : 0;
	}
	if (slow_reader_is_stuck(conn, now_ms)) {
		slow_reader_drop(conn, "you have not read for too long");
	} else if (conn->close_received) {
		return; /* it waits for our Close, and need not answer a ping */
	} else if (conn->in.message_ms && now_ms - conn->in.message_ms > limits->message_ms) {
		conn->conns->events->on_late_message(conn, "the message took too long to arrive");
		conn_close(conn, 1008, "message took too long");
	} else {
		check_silence(conn, now_ms - conn->in.last_ms);
	}
}

static void
check_timeouts(struct conn *conn, int64_t now_ms)
{
	switch (conn->state) {
	case CONN_HANDSHAKE:
		check_handshake(conn, now_ms);
		break;
	case CONN_OPEN:
		check_open(conn, now_ms);
		break;
	case CONN_CLOSING:
		if (now_ms - conn->since_ms > conn->conns->limits.close_ms)
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
		conns->sweep_count = conns->count; /* so all parts of a round have one length */
	}
	for (size_t i = conns->sweep_count / parts + 1; i && conns->sweep; i--) {
		struct conn *conn = conns->sweep;

		conns->sweep = conn->next;
		check_timeouts(conn, clock_now_ms(conns->clock));
	}
}
