#ifndef UNIT_CONN_H
#define UNIT_CONN_H

/*
 * For the unit tests of connections: a set with one connection over a socket pair, whose owner
 * notes what it is told, and whose peer notes what it receives. A test program includes this once.
 */
#include "serve/net/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

#define TURNS 5 /* of the loop, after which everything has happened that can */
#define EXCHANGES 100 /* after which the peer has received everything, a small buffer at a time */
#define REQUEST \
	"GET /team HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

/* A set with one connection and its peer. conn is first: it is the fixture's. */
struct fixture {
	struct conn conn;
	uv_loop_t loop;
	struct clock clock;
	struct conns conns;
	int peer_fd;
	int status; /* that on_request returns */
	bool abort_on_message;
	char events[1000]; /* of the connection, in their order */
	struct chat_buf bytes; /* that the peer has received and not taken apart */
	struct chat_ws ws; /* the peer's */
	struct chat_ws_pool *pool; /* the peer's */
	char frames[1000]; /* that the peer has received, in their order */
	bool ended; /* the peer has received the end */
};

static const struct conn_limits limits = {
	.max_message_bytes = 100000,
	.max_first_bytes = 1000,
	.max_fragments = 10,
	.queue_bytes = 64 << 10,
	.all_queues_bytes = 1 << 20,
	.all_received_bytes = 1 << 20,
	.head_ms = 100000,
	.message_ms = 100000,
	.close_ms = 100000,
	.ping_ms = 100000,
	.pong_ms = 100000,
	.progress_ms = 100000,
};

/* ---- the owner of the connection ---- */

__attribute__((format(printf, 2, 3))) static inline void
note(char text[1000], const char *format, ...)
{
	size_t len = strlen(text);
	va_list list;

	va_start(list, format);
	vsnprintf(text + len, 1000 - len, format, list);
	va_end(list);
}

static char *
events_of(struct conn *conn)
{
	return ((struct fixture *)conn)->events;
}

static inline void
on_proxy_header(struct conn *conn, const struct sockaddr *client)
{
	note(events_of(conn), "proxy header %s|", client ? "of a client" : "of nobody");
}

static int
on_request(struct conn *conn, const struct chat_http_request *request, const char **why)
{
	note(events_of(conn), "request %.*s|", (int)request->path.len, request->path.at);
	*why = "because";
	return ((struct fixture *)conn)->status;
}

static inline void
on_message(struct conn *conn, struct chat_span text)
{
	if (text.len < 20)
		note(events_of(conn), "message %.*s|", (int)text.len, text.at);
	else
		note(events_of(conn), "message of %zu bytes|", text.len);
	if (((struct fixture *)conn)->abort_on_message)
		conn_abort(conn);
	else
		conn_send(conn, CHAT_WS_TEXT, text);
}

static inline void
on_violation(struct conn *conn, uint16_t close_code, const char *text)
{
	(void)text;
	note(events_of(conn), "violation %d|", close_code);
	conn_send(conn, CHAT_WS_TEXT, CHAT_SPAN("last word"));
}

static inline void
on_overload(struct conn *conn, const char *text)
{
	(void)text;
	note(events_of(conn), "overload|");
}

static inline void
on_late_message(struct conn *conn, const char *text)
{
	note(events_of(conn), "late: %s|", text);
	conn_send(conn, CHAT_WS_TEXT, CHAT_SPAN("last word"));
}

static inline void
on_slow_reader(struct conn *conn, const char *text)
{
	note(events_of(conn), "slow reader: %s|", text);
	conn_send(conn, CHAT_WS_TEXT, CHAT_SPAN("last word"));
}

static inline void
on_rejection(struct conn *conn, int status, const char *why)
{
	note(events_of(conn), "rejection %d %s|", status, why);
}

static const void *
owner_of(const struct conn *conn)
{
	return conn;
}

static inline void
on_drained(struct conn *conn)
{
	note(events_of(conn), "drained|");
}

static inline void
on_turn_end(struct conn *conn)
{
	(void)conn;
}

static inline void
on_closed(struct conn *conn)
{
	note(events_of(conn), "closed|");
}

static inline void
release(struct conn *conn)
{
	note(events_of(conn), "released|");
}

static const struct conn_events events = {
	.on_proxy_header = on_proxy_header,
	.on_request = on_request,
	.on_message = on_message,
	.on_violation = on_violation,
	.on_overload = on_overload,
	.on_late_message = on_late_message,
	.on_slow_reader = on_slow_reader,
	.on_rejection = on_rejection,
	.owner = owner_of,
	.on_drained = on_drained,
	.on_turn_end = on_turn_end,
	.on_closed = on_closed,
	.release = release,
};

/* ---- the peer ---- */

static inline void
peer_send(struct fixture *fixture, const void *bytes, size_t len)
{
	if (send(fixture->peer_fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
		abort();
}

static inline void
peer_send_frame(struct fixture *fixture, enum chat_ws_opcode opcode, struct chat_span payload)
{
	struct chat_ws_masks masks = {.left = 0};
	struct chat_buf frame = {0};

	chat_ws_append(&frame, &masks, opcode, payload);
	peer_send(fixture, frame.at, frame.len);
	chat_buf_free(&frame);
}

static inline void
peer_send_close(struct fixture *fixture, uint16_t code)
{
	struct chat_ws_masks masks = {.left = 0};
	struct chat_buf frame = {0};

	chat_ws_append_close(&frame, &masks, code, NULL);
	peer_send(fixture, frame.at, frame.len);
	chat_buf_free(&frame);
}

static inline void
peer_note_frame(struct fixture *fixture, enum chat_ws_event event, struct chat_span payload)
{
	if (event == CHAT_WS_MESSAGE && payload.len < 20)
		note(fixture->frames, "%.*s|", (int)payload.len, payload.at);
	else if (event == CHAT_WS_MESSAGE)
		note(fixture->frames, "%zu|", payload.len);
	else if (event == CHAT_WS_GOT_PING)
		note(fixture->frames, "ping|");
	else if (event == CHAT_WS_GOT_PONG)
		note(fixture->frames, "pong %.*s|", (int)payload.len, payload.at);
	else if (event == CHAT_WS_GOT_CLOSE)
		note(fixture->frames, "close %d|", fixture->ws.close_code);
}

/* Takes apart what the peer has received as frames. */
static inline void
peer_read_frames(struct fixture *fixture)
{
	struct chat_ws_limits all = {.max_message_bytes = 1 << 20, .max_fragments = 1};
	struct chat_span input = {fixture->bytes.at, fixture->bytes.len}, payload;
	enum chat_ws_event event;

	do {
		event = chat_ws_next(&fixture->ws, fixture->pool, &all, &input, &payload);
		peer_note_frame(fixture, event, payload);
	} while (event != CHAT_WS_WANT_MORE);
	fixture->bytes.len = 0;
}

/* Receives what is there, and takes the HTTP answer off it. Behind the last byte it notes "end". */
static inline void
peer_receive(struct fixture *fixture)
{
	char bytes[65536];
	ssize_t count;

	while ((count = recv(fixture->peer_fd, bytes, sizeof(bytes), 0)) > 0)
		chat_buf_append(&fixture->bytes, bytes, (size_t)count);
	if (fixture->bytes.len >= 5 && memcmp(fixture->bytes.at, "HTTP/", 5) == 0) {
		size_t scanned = 0;
		size_t len = chat_http_head_len(chat_buf_span(&fixture->bytes), &scanned);

		note(fixture->frames, "%.3s|", fixture->bytes.at + 9);
		if (memcmp(fixture->bytes.at + 9, "101", 3) != 0)
			len = fixture->bytes.len;
		chat_buf_drop(&fixture->bytes, len);
	}
	peer_read_frames(fixture);
	if (count == 0 && !fixture->ended)
		note(fixture->frames, "end|");
	fixture->ended |= count == 0;
}

/* ---- the fixture ---- */

static inline void
poll_once(struct fixture *fixture)
{
	poller_wait(&fixture->conns.poller, false);
	poller_handle(&fixture->conns.poller);
}

static inline void
turns(struct fixture *fixture)
{
	for (int i = 0; i < TURNS; i++) {
		poll_once(fixture);
		conns_flush(&fixture->conns);
	}
}

/* The same, and the peer receives what comes. */
static inline void
exchange(struct fixture *fixture)
{
	for (int i = 0; i < EXCHANGES; i++) {
		turns(fixture);
		peer_receive(fixture);
	}
}

static inline struct fixture *
fixture_new(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct chat_err err;
	int fds[2], small = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fixture->peer_fd = fds[1];
	fixture->status = 101;
	fixture->pool = chat_ws_pool_new();
	chat_ws_init(&fixture->ws, CHAT_WS_CLIENT);
	uv_loop_init(&fixture->loop);
	fixture->clock.loop = &fixture->loop;
	clock_update(&fixture->clock);
	if (conns_open(&fixture->conns, &fixture->clock, &events, &limits, &err) < 0 ||
		conn_start(&fixture->conn, &fixture->conns, fds[0], NULL) < 0)
		abort();
	return fixture;
}

/* A connection whose opening handshake is done. */
static inline struct fixture *
fixture_open(void)
{
	struct fixture *fixture = fixture_new();

	peer_send(fixture, REQUEST, strlen(REQUEST));
	turns(fixture);
	peer_receive(fixture);
	fixture->events[0] = fixture->frames[0] = '\0';
	return fixture;
}

/* A second connection in the same set, after its opening handshake. It has no frames of its peer.
 */
static inline struct fixture *
fixture_join(struct fixture *first)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0 ||
		conn_start(&fixture->conn, &first->conns, fds[0], NULL) < 0)
		abort();
	fixture->peer_fd = fds[1];
	fixture->status = 101;
	peer_send(fixture, REQUEST, strlen(REQUEST));
	turns(first);
	fixture->events[0] = '\0';
	return fixture;
}

static inline void
fixture_leave(struct fixture *fixture)
{
	struct conns *conns = fixture->conn.conns;

	conn_abort(&fixture->conn);
	conns_flush(conns);
	close(fixture->peer_fd);
	free(fixture);
}

static inline void
fixture_free(struct fixture *fixture, const char *name)
{
	const struct conns *conns = &fixture->conns;
	const char *closed;

	conn_abort(&fixture->conn);
	conns_flush(&fixture->conns);
	closed = strstr(fixture->events, "closed|");
	ok(closed && !strstr(closed + 1, "closed|") && strstr(closed, "released|"),
		"%s: closed once, then released", name);
	ok(conns->count == 0 && conns->queued_bytes == 0 && conns->held_bytes == 0 &&
			conns->received_bytes == 0,
		"%s: nothing is held", name);
	conns_close(&fixture->conns);
	uv_run(&fixture->loop, UV_RUN_DEFAULT);
	uv_loop_close(&fixture->loop);
	chat_ws_free(&fixture->ws, fixture->pool);
	chat_ws_pool_free(fixture->pool);
	chat_buf_free(&fixture->bytes);
	close(fixture->peer_fd);
	free(fixture);
}

/* Checks the events of the owner and the frames of the peer since the last call. */
static inline void
expect(struct fixture *fixture, const char *want_events, const char *want_frames, const char *name)
{
	exchange(fixture);
	is_str(fixture->events, want_events, "%s: the owner is told", name);
	is_str(fixture->frames, want_frames, "%s: the peer receives", name);
	if (!strstr(fixture->events, "closed|"))
		fixture->events[0] = '\0';
	fixture->frames[0] = '\0';
}

/* Queues frames of a kilobyte, so many, each in a tick of its own. */
static inline void
send_kilobytes(struct fixture *fixture, int count)
{
	static const char kilobyte[1000];

	for (int i = 0; i < count; i++) {
		conn_send(&fixture->conn, CHAT_WS_TEXT,
			(struct chat_span){kilobyte, sizeof(kilobyte)});
		conns_flush(&fixture->conns);
	}
}

#endif
