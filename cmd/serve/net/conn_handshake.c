/*
 * The opening handshake of a connection (RFC 6455 section 4.2). Collects the request head, parses
 * it (lib/wire/http_request.c), asks the owner (on_request), and answers.
 */
#include "serve/net/conn_private.h"

#include <stdlib.h>
#include <string.h>

#include "serve/net/proxy_header.h"

#define TLS_RECORD 0x16 /* the first byte of a TLS handshake, and of no HTTP request */

void
conn_head_free(struct conn *conn)
{
	if (conn->in.head)
		chat_buf_free(conn->in.head);
	free(conn->in.head);
	conn->in.head = NULL;
}

/* Queues an HTTP answer and frees its buffer. */
static void
send_answer(struct conn *conn, struct chat_buf *answer)
{
	struct block *block = block_new(answer->len);

	memcpy(block->bytes, answer->at, answer->len);
	block->len = (uint32_t)answer->len;
	chat_buf_free(answer);
	conn_enqueue(conn, block, 0, block->len);
	block_unref(block);
}

static void
set_state(struct conn *conn, enum conn_state state)
{
	conn->state = state;
	conn->since_ms = clock_now_ms(conn->conns->clock);
}

/* Queues an answer that is the last one of the connection. */
static void
send_last_answer(struct conn *conn, struct chat_buf *answer, bool to_head)
{
	if (to_head)
		chat_http_cut_body(answer);
	send_answer(conn, answer);
	set_state(conn, CONN_CLOSING);
	conn->finish = true;
}

static const char *
refusal_headers(int status)
{
	switch (status) {
	case 405:
		return "Allow: GET, HEAD\r\n";
	case 426:
		return "Upgrade: websocket\r\n";
	case 429:
		return "Retry-After: 2\r\n"; /* a wait for the rate of new channels */
	case 503:
		return "Retry-After: 5\r\n";
	default:
		return NULL;
	}
}

static void
refuse(struct conn *conn, int status, const char *extra_headers, const char *why, bool to_head)
{
	struct chat_buf answer = {0};

	conn->conns->events->on_rejection(conn, status, why);
	chat_http_write_refusal(&answer, status, extra_headers, why);
	send_last_answer(conn, &answer, to_head);
}

void
conn_refuse(struct conn *conn, int status, const char *why)
{
	refuse(conn, status, refusal_headers(status), why, false);
}

static void
accept_request(struct conn *conn, const struct chat_http_request *request)
{
	struct chat_buf answer = {0};

	chat_http_write_accept(&answer, request->key);
	conn->answer_bytes = (uint16_t)answer.len;
	send_answer(conn, &answer);
	set_state(conn, CONN_OPEN);
}

/*
 * Asks the owner about a request. Returns the status of the answer; 0: the answer is queued, or
 * another set answers.
 */
static int
ask_owner(struct conn *conn, const struct chat_http_request *request, int status, const char **why)
{
	const struct conn_events *events = conn->conns->events;
	struct chat_buf answer = {0};

	if (status == 101 && events->belongs_elsewhere &&
		events->belongs_elsewhere(conn, request)) {
		conn->leaving = true; /* conns_flush() calls conn_leave() */
		conn->in.paused |= CONN_PAUSE_MOVE;
		conns_flush_later(conn->conns, conn);
		return 0;
	}
	if (status == 101)
		return events->on_request(conn, request, why);
	if (status != 426 || !request->plain || !events->on_visit)
		return status;
	status = events->on_visit(conn, request, &answer, why);
	if (status == 0)
		send_last_answer(conn, &answer, request->head);
	return status;
}

/* Returns the reason for a status that comes without one. */
static const char *
reason_of(int status, struct chat_span head)
{
	struct proxy_header header;
	const char *why;

	if (status == 400 && proxy_header_read(head, &header, &why) != PROXY_HEADER_WRONG)
		return "a PROXY header is not expected here";
	return chat_http_reason(status);
}

/* Answers a request. Its head must be complete. */
static void
answer_request(struct conn *conn, struct chat_span head)
{
	struct chat_http_request request;
	bool bad_version = false;
	const char *why = NULL;
	int status = chat_http_read_request(&request, head, &bad_version);

	status = ask_owner(conn, &request, status, &why);
	if (conn->state != CONN_HANDSHAKE || conn->leaving)
		return;
	if (status == 101)
		accept_request(conn, &request);
	else
		refuse(conn, status,
			bad_version ? "Sec-WebSocket-Version: 13\r\n" : refusal_headers(status),
			why ? why : reason_of(status, head), request.head);
}

/* Answers the request if the head is complete. The end is not before the byte `scanned`. */
static void
handle_head(struct conn *conn, size_t scanned)
{
	const struct chat_buf *head = conn->in.head;
	size_t len = chat_http_head_len(chat_buf_span(head), &scanned);

	if (*head->at == TLS_RECORD && !conn->stream.tls) {
		conn_refuse(conn, 400, "TLS is not spoken here: ws:// in place of wss://");
	} else if (len > CHAT_HTTP_HEAD_MAX || (len == 0 && head->len > CHAT_HTTP_HEAD_MAX)) {
		conn_refuse(conn, 431, "the request head is over 8 KiB");
	} else if (len) {
		answer_request(conn, (struct chat_span){head->at, len});
		if (conn->state == CONN_OPEN) /* frames may have arrived with the head */
			conn_read_frames(conn, (struct chat_span){head->at + len, head->len - len});
	}
	if (conn->state != CONN_HANDSHAKE)
		conn_head_free(conn);
}

void
conn_read_head(struct conn *conn, struct chat_span input)
{
	struct chat_buf *head = conn->in.head;
	size_t scanned = head->len > 3 ? head->len - 3 : 0;

	chat_buf_append_span(head, input);
	handle_head(conn, scanned);
}

void
conn_reread_head(struct conn *conn)
{
	handle_head(conn, 0);
	conn_count_received(conn);
}
