/*
 * Receiving. The poller reports a readable socket (conns.c). conn_read() reads it into the buffer
 * that all connections share. chat_ws_next() parses frames and joins fragments. on_message passes
 * each text message to the session.
 *
 * A connection holds memory for input only while a request head or message is partly received.
 */
#include "serve/net/conn_private.h"

#include <stdlib.h>

#define TLS_HANDSHAKES_NS 5000000 /* for the TLS handshakes of all connections in one turn */
#define TURN_INPUT_BYTES ((size_t)256 << 10) /* read from all connections in one turn, about */
#define INPUT_BYTES_MIN ((size_t)2 << 10) /* the least share of one connection */

/* ---- frames ---- */

static void
handle_event(struct conn *conn, const struct chat_ws *ws, enum chat_ws_event event,
	struct chat_span payload)
{
	const struct conn_events *events = conn->conns->events;

	switch (event) {
	case CHAT_WS_MESSAGE:
		if (conn->state == CONN_OPEN)
			events->on_message(conn, payload);
		break;
	case CHAT_WS_GOT_BINARY:
		if (conn->state == CONN_OPEN)
			events->on_binary(conn, payload);
		break;
	case CHAT_WS_GOT_PING:
		conn_pong(conn, payload);
		break;
	case CHAT_WS_GOT_CLOSE:
		conn_receive_close(conn, ws->close_code);
		break;
	case CHAT_WS_FAILED:
		if (conn->state == CONN_OPEN) {
			events->on_violation(conn, ws->close_code, chat_ws_failure_text(ws));
			conn_close(conn, ws->close_code, chat_ws_failure_text(ws));
		}
		conn_finish(conn); /* the framing is lost: the peer's Close cannot be read */
		break;
	case CHAT_WS_GOT_PONG:
	case CHAT_WS_WANT_MORE:
		break;
	}
}

void
conn_ws_free(struct conn *conn)
{
	if (conn->in.ws)
		chat_ws_free(conn->in.ws, conn->conns->ws_pool);
	free(conn->in.ws);
	conn->in.ws = NULL;
}

/* Keeps a partly received message in in.ws. Frees in.ws if no message is partly received. */
static void
keep_ws(struct conn *conn, struct chat_ws *ws)
{
	struct chat_ws *scratch = &conn->conns->scratch;
	bool idle = chat_ws_idle(ws) || conn->finish;

	if (idle)
		conn->in.message_ms = 0;
	else if (!conn->in.message_ms)
		conn->in.message_ms = clock_now_ms(conn->conns->clock);
	if (!idle && ws == scratch) {
		conn->in.ws = chat_alloc(sizeof(*ws));
		*conn->in.ws = *ws;
	} else if (ws == scratch) {
		chat_ws_free(ws, conn->conns->ws_pool);
	} else if (idle) {
		conn_ws_free(conn);
	}
	chat_ws_init(scratch, CHAT_WS_SERVER);
}

void
conn_read_frames(struct conn *conn, struct chat_span input)
{
	struct conns *conns = conn->conns;
	struct chat_ws *ws = conn->in.ws ? conn->in.ws : &conns->scratch;
	enum chat_ws_event event = CHAT_WS_MESSAGE;

	while (event != CHAT_WS_WANT_MORE && conn->state != CONN_DEAD && !conn->finish) {
		struct chat_ws_limits limits = {
			.max_message_bytes = conn->in.trusted ? conns->limits.max_message_bytes
							      : conns->limits.max_first_bytes,
			.max_fragments = conns->limits.max_fragments,
			.binary = conns->events->on_binary != NULL,
		};
		struct chat_span payload = {0};

		event = chat_ws_next(ws, conns->ws_pool, &limits, &input, &payload);
		handle_event(conn, ws, event, payload);
		if (event == CHAT_WS_MESSAGE || event == CHAT_WS_GOT_BINARY)
			conn->in.message_ms = 0;
	}
	keep_ws(conn, ws);
}

/* ---- the socket ---- */

static void
handle_input(struct conn *conn, struct chat_span input)
{
	if (conn->state == CONN_HANDSHAKE)
		conn_read_head(conn, input);
	else if (!conn->finish)
		conn_read_frames(conn, input);
	/* otherwise the input is discarded */
	conn_count_received(conn);
}

/*
 * Continues the TLS handshake. Handshakes are expensive, and every peer can request one, so all
 * handshakes together have a limited time in a turn. When the time is used up, the others wait for
 * the next turn: their sockets stay readable.
 */
static ssize_t
shake_hands(struct conn *conn)
{
	struct conns *conns = conn->conns;
	uint64_t began_ns = uv_hrtime();
	ssize_t count = STREAM_WAIT;

	if (conns->tls_handshake_ns < TLS_HANDSHAKES_NS) {
		count = stream_read(
			&conn->stream, conns->input, CONN_INPUT_BYTES, CONN_INPUT_BYTES);
		conns->tls_handshake_ns += uv_hrtime() - began_ns;
	}
	return count;
}

/*
 * Returns the number of bytes to read from each connection when this many are ready in one turn. It
 * becomes smaller with more connections, so that a turn stays short even if all send tiny frames.
 */
static size_t
input_share(size_t ready_count)
{
	size_t share = TURN_INPUT_BYTES / (ready_count ? ready_count : 1);

	if (share > CONN_INPUT_BYTES)
		return CONN_INPUT_BYTES;
	return share < INPUT_BYTES_MIN ? INPUT_BYTES_MIN : share;
}

static ssize_t
receive(struct conn *conn)
{
	if (!stream_is_up(&conn->stream))
		return shake_hands(conn);
	return stream_read(&conn->stream, conn->conns->input, CONN_INPUT_BYTES,
		input_share(conn->conns->poller.ready_count));
}

/* Called when the peer has closed TCP or the stream has failed. Aborts the connection. */
static void
handle_end(struct conn *conn)
{
	struct conns *conns = conn->conns;
	const char *why = stream_fault(&conn->stream);

	if (why)
		conns->events->on_rejection(conn, 0, why);
	if (why && stream_is_up(&conn->stream))
		conns->unruly++;
	conn_abort(conn);
}

void
conn_read(struct conn *conn)
{
	struct conns *conns = conn->conns;
	struct chat_span input = {.at = conns->input};
	ssize_t count;

	if (conn->in.awaits_proxy_header && !conn_read_proxy_header(conn))
		return;
	count = receive(conn);
	if (count == STREAM_WAIT) {
		conn_poll(conn);
		return;
	}
	if (count == STREAM_GONE) {
		handle_end(conn);
		return;
	}
	input.len = (size_t)count;
	conns->bytes_in += (uint64_t)count;
	conn->in.last_ms = clock_now_ms(conns->clock);
	conn->in.pinged = false;
	handle_input(conn, input);
}
