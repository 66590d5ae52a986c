/*
 * What a connection receives: first the request head of the opening handshake, then frames. Bytes
 * are read into the buffer that all connections share, so an idle one holds none.
 */
#include "serve/net/conn.h"

#include <stdlib.h>
#include <string.h>

#include "serve/net/conns.h"

#define AGREEING_NS 5000000 /* of a turn, for all who agree on TLS */
#define TLS_RECORD 0x16 /* the first byte of who wants to agree on it: no request begins so */

/* ---- frames ---- */

static void
conn_answer_close(struct conn *conn, uint16_t code)
{
	conn->close_received = true;
	conn_close(conn, code == 1005 ? 0 : code, NULL);
	conn_finish(conn);
}

static void
conn_event(struct conn *conn, const struct chat_ws *ws, enum chat_ws_event event,
	struct chat_span payload)
{
	const struct conn_events *events = conn->conns->events;

	switch (event) {
	case CHAT_WS_MESSAGE:
		if (conn->state == CONN_OPEN)
			events->on_message(conn, payload);
		break;
	case CHAT_WS_GOT_PING:
		conn_pong(conn, payload);
		break;
	case CHAT_WS_GOT_CLOSE:
		conn_answer_close(conn, ws->close_code);
		break;
	case CHAT_WS_FAILED:
		if (conn->state == CONN_OPEN) {
			events->on_violation(conn, ws->close_code, chat_ws_failure_text(ws));
			conn_close(conn, ws->close_code, chat_ws_failure_text(ws));
		}
		conn_finish(conn); /* its framing is lost: no Close of the peer's could be read */
		break;
	case CHAT_WS_GOT_PONG:
	case CHAT_WS_WANT_MORE:
		break;
	}
}

/* What is half read is kept with the connection; between messages it holds nothing. */
static void
conn_keep_ws(struct conn *conn, struct chat_ws *ws)
{
	struct chat_ws *scratch = &conn->conns->scratch;
	bool idle = chat_ws_idle(ws) || conn->finish;

	if (idle)
		conn->message_ms = 0;
	else if (!conn->message_ms)
		conn->message_ms = clock_now_ms(conn->conns->clock);
	if (!idle && ws == scratch) {
		conn->ws = chat_alloc(sizeof(*ws));
		*conn->ws = *ws;
	} else if (ws == scratch) {
		chat_ws_free(ws, conn->conns->ws_pool);
	} else if (idle) {
		conn_ws_free(conn);
	}
	chat_ws_init(scratch, CHAT_WS_SERVER);
}

static void
conn_frames(struct conn *conn, struct chat_span input)
{
	struct conns *conns = conn->conns;
	struct chat_ws *ws = conn->ws ? conn->ws : &conns->scratch;
	enum chat_ws_event event = CHAT_WS_MESSAGE;

	while (event != CHAT_WS_WANT_MORE && conn->state != CONN_DEAD && !conn->finish) {
		struct chat_ws_limits limits = {
			.max_message_bytes = conn->trusted ? conns->limits.max_message_bytes
							   : conns->limits.max_first_bytes,
			.max_fragments = conns->limits.max_fragments,
		};
		struct chat_span payload = {0};

		event = chat_ws_next(ws, conns->ws_pool, &limits, &input, &payload);
		conn_event(conn, ws, event, payload);
		if (event == CHAT_WS_MESSAGE)
			conn->message_ms = 0;
	}
	conn_keep_ws(conn, ws);
}

/* ---- the handshake ---- */

void
conn_refuse(struct conn *conn, int status, const char *extra_headers, const char *why)
{
	struct chat_buf answer = {0};
	struct block *block;

	conn->conns->events->on_rejection(conn, status, why);
	chat_http_write_refusal(&answer, status, extra_headers, why);
	block = block_new(answer.len);
	memcpy(block->bytes, answer.at, answer.len);
	block->len = (uint32_t)answer.len;
	chat_buf_free(&answer);
	conn_enqueue(conn, block, 0, block->len);
	block_unref(block);
	conn->state = CONN_CLOSING;
	conn->since_ms = clock_now_ms(conn->conns->clock);
	conn->finish = true;
}

static const char *
refusal_headers(int status, bool bad_version)
{
	if (bad_version)
		return "Sec-WebSocket-Version: 13\r\n";
	if (status == 426)
		return "Upgrade: websocket\r\n";
	if (status == 429)
		return "Retry-After: 2\r\n"; /* for a new channel at the slowest rate */
	if (status == 503)
		return "Retry-After: 5\r\n";
	if (status == 405)
		return "Allow: GET\r\n";
	return NULL;
}

static void
conn_accept(struct conn *conn, const struct chat_http_request *request)
{
	struct chat_buf answer = {0};
	struct block *block;

	chat_http_write_accept(&answer, request->key);
	block = block_new(answer.len);
	memcpy(block->bytes, answer.at, answer.len);
	block->len = (uint32_t)answer.len;
	chat_buf_free(&answer);
	conn->answer_bytes = (uint16_t)block->len;
	conn_enqueue(conn, block, 0, block->len);
	block_unref(block);
	conn->state = CONN_OPEN;
	conn->since_ms = clock_now_ms(conn->conns->clock);
}

/* A whole head is there: answers it. */
static void
conn_request(struct conn *conn, struct chat_span head)
{
	struct chat_http_request request;
	bool bad_version = false;
	const char *why = NULL;
	int status = chat_http_read_request(&request, head, &bad_version);

	if (status == 101)
		status = conn->conns->events->on_request(conn, &request, &why);
	if (conn->state != CONN_HANDSHAKE)
		return;
	if (status == 101)
		conn_accept(conn, &request);
	else
		conn_refuse(conn, status, refusal_headers(status, bad_version),
			why ? why : chat_http_reason(status));
}

static void
conn_head(struct conn *conn, struct chat_span input)
{
	struct chat_buf *head = conn->head;
	size_t len, scanned = head->len > 3 ? head->len - 3 : 0;

	chat_buf_append_span(head, input);
	len = chat_http_head_len(chat_buf_span(head), &scanned);
	if (*head->at == TLS_RECORD && !conn->stream.tls) {
		conn_refuse(conn, 400, NULL, "TLS is not spoken here: ws:// in place of wss://");
	} else if (len > CHAT_HTTP_HEAD_MAX || (len == 0 && head->len > CHAT_HTTP_HEAD_MAX)) {
		conn_refuse(conn, 431, NULL, "the request head is over 8 KiB");
	} else if (len) {
		conn_request(conn, (struct chat_span){head->at, len});
		if (conn->state == CONN_OPEN) /* frames may follow in the same segment */
			conn_frames(conn, (struct chat_span){head->at + len, head->len - len});
	}
	if (conn->state != CONN_HANDSHAKE)
		conn_head_free(conn);
}

void
conn_give_up_received(struct conn *conn)
{
	static const char why[] = "the server is receiving too much at once";
	struct conns *conns = conn->conns;

	if (!stream_is_up(&conn->stream)) { /* nothing could be said */
		conn_abort(conn);
		return;
	}
	if (conn->state == CONN_HANDSHAKE) {
		conn_refuse(conn, 503, refusal_headers(503, false), why);
	} else if (conn->state == CONN_OPEN) {
		conns->events->on_overload(conn, why);
		conn_close(conn, 1008, why);
	}
	conn_head_free(conn);
	conn_ws_free(conn);
	conn_note_received(conn);
	conn_finish(conn); /* the rest of the message is read away, and its Close with it */
}

/* Acts on what was read. */
static void
conn_take(struct conn *conn, struct chat_span input)
{
	if (conn->state == CONN_HANDSHAKE)
		conn_head(conn, input);
	else if (!conn->finish)
		conn_frames(conn, input);
	/* otherwise it has had its last word: what still comes is read away until it ends */
	conn_note_received(conn);
}

/*
 * Agreeing on TLS is dear, and anybody may ask for it: those who do share a bounded part of a turn.
 * The others are still ready in the next one.
 */
static ssize_t
conn_agree(struct conn *conn)
{
	struct conns *conns = conn->conns;
	uint64_t began = uv_hrtime();
	ssize_t count = STREAM_WAIT;

	if (conns->agreeing_ns < AGREEING_NS) {
		count = stream_read(
			&conn->stream, conns->input, CONN_INPUT_BYTES, CONN_INPUT_BYTES);
		conns->agreeing_ns += uv_hrtime() - began;
	}
	return count;
}

static size_t
stdin_reader_share(size_t ready_count)
{
	size_t share = CONNS_INPUT_BYTES / (ready_count ? ready_count : 1);

	if (share > CONN_INPUT_BYTES)
		return CONN_INPUT_BYTES;
	return share < CONN_INPUT_LEAST ? CONN_INPUT_LEAST : share;
}

static ssize_t
conn_receive(struct conn *conn)
{
	if (!stream_is_up(&conn->stream))
		return conn_agree(conn);
	return stream_read(&conn->stream, conn->conns->input, CONN_INPUT_BYTES,
		stdin_reader_share(conn->conns->poller.ready_count));
}

static void
conn_gone(struct conn *conn)
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
	ssize_t count = conn_receive(conn);
	struct chat_span input = {conns->input, (size_t)count};

	if (count == STREAM_WAIT) {
		conn_poll(conn);
		return;
	}
	if (count == STREAM_GONE) {
		conn_gone(conn);
		return;
	}
	conns->bytes_in += (uint64_t)count;
	conn->heard_ms = clock_now_ms(conns->clock);
	conn->pinged = false;
	conn_take(conn, input);
}
