/*
 * The PROXY header of a connection that comes through a trusted proxy, before TLS and the request.
 * It is taken from the socket to its last byte and not beyond, because what follows may be for TLS,
 * which reads the socket itself.
 */
#include "serve/net/conn_private.h"

#include <sys/socket.h>

#include "serve/net/proxy_header.h"

void
conn_expect_proxy_header(struct conn *conn)
{
	conn->in.awaits_proxy_header = true;
}

/* Ends a connection that begins with something else. Without TLS it may be a person's HTTP. */
static void
reject(struct conn *conn, const char *why)
{
	struct conns *conns = conn->conns;

	conns->wrong_proxy_headers++;
	if (conn->stream.tls) {
		conns->events->on_rejection(conn, 0, why);
		conn_abort(conn);
		return;
	}
	conn->in.awaits_proxy_header = false;
	conn_refuse(conn, 400, why);
	conn_head_free(conn);
	conn_count_received(conn);
}

static void
accept_header(struct conn *conn, const struct proxy_header *header)
{
	const struct sockaddr *client = (const struct sockaddr *)&header->client;

	conn->in.awaits_proxy_header = false;
	chat_buf_free(conn->in.head); /* the request has a buffer of its own size */
	conn_count_received(conn);
	conn->conns->events->on_proxy_header(conn, header->has_client ? client : NULL);
}

/* Removes bytes of the header, which were looked at before, from the socket. */
static void
take(struct conn *conn, size_t len)
{
	struct conns *conns = conn->conns;
	ssize_t count = recv(conn->stream.fd, conns->input, len, 0);

	if (count != (ssize_t)len) {
		conn_abort(conn);
		return;
	}
	conns->bytes_in += len;
	conn->in.last_ms = clock_now_ms(conns->clock);
}

/* Handles the bytes that are in the socket. */
static void
handle_bytes(struct conn *conn, struct chat_span bytes)
{
	struct chat_buf *head = conn->in.head;
	size_t before = head->len;
	struct proxy_header header;
	enum proxy_header_result result;
	const char *why = NULL;

	chat_buf_append_span(head, bytes);
	result = proxy_header_read(chat_buf_span(head), &header, &why);
	if (result == PROXY_HEADER_WRONG) {
		reject(conn, why);
		return;
	}
	take(conn, result == PROXY_HEADER_COMPLETE ? header.len - before : bytes.len);
	if (conn->state == CONN_DEAD)
		return;
	if (result == PROXY_HEADER_COMPLETE)
		accept_header(conn, &header);
	else
		conn_count_received(conn);
}

bool
conn_read_proxy_header(struct conn *conn)
{
	char *input = conn->conns->input;
	size_t room = PROXY_HEADER_MAX - conn->in.head->len;
	ssize_t count = recv(conn->stream.fd, input, room, MSG_PEEK);

	if (count > 0)
		handle_bytes(conn, (struct chat_span){input, (size_t)count});
	else if (count == 0 || stream_status(errno) == STREAM_GONE)
		conn_abort(conn);
	return !conn->in.awaits_proxy_header && conn->state == CONN_HANDSHAKE;
}
