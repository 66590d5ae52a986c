/*
 * A testee: the connection layer of chat-serve (frames in, queue out, closing handshake) with
 *nothing above it. It sends every text message back, so that a conformance suite for WebSocket
 *servers can be run on it. Binary messages are refused with 1003, because the chat protocol has
 *none; with --binary they are sent back, too, for suites of which many cases are binary.
 *
 *	echo_server [--binary] ADDRESS     as chat-serve's --listen: 127.0.0.1:9001; port 0: any
 *
 * Prints its URL once it listens. TERM ends it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "command/diag.h"
#include "serve/net/conn.h"
#include "serve/net/listener.h"
#include "text/buf.h"

#define SWEEP_MS 100

struct echo_server {
	uv_loop_t loop;
	struct clock clock;
	uv_timer_t sweep;
	uv_signal_t term;
	uv_poll_t accept;
	struct listeners listeners;
	struct conns conns;
	bool stopped;
};

/* ---- a connection ---- */

static int
on_requested(struct conn *conn, const struct chat_http_request *request, const char **why)
{
	(void)request;
	(void)why;
	conn_trust(conn);
	return 101;
}

static void
on_received(struct conn *conn, struct chat_span text)
{
	conn_send(conn, CHAT_WS_TEXT, text);
}

static void
on_received_binary(struct conn *conn, struct chat_span payload)
{
	conn_send(conn, CHAT_WS_BINARY, payload);
}

static void
on_failed(struct conn *conn, uint16_t close_code, const char *text)
{
	(void)conn;
	chat_warn("%d: %s", (int)close_code, text);
}

static void
on_dropped(struct conn *conn, const char *text)
{
	(void)conn;
	chat_warn("%s", text);
}

static void
on_turned_away(struct conn *conn, int status, const char *why)
{
	(void)conn;
	chat_warn("HTTP status %d: %s", status, why);
}

static const void *
owner_of(const struct conn *conn)
{
	return conn;
}

static void
on_rested(struct conn *conn)
{
	(void)conn;
}

static void
on_closed(struct conn *conn)
{
	(void)conn;
}

static void
on_release(struct conn *conn)
{
	free(conn);
}

static const struct conn_events text_events = {
	.on_request = on_requested,
	.on_message = on_received,
	.on_violation = on_failed,
	.on_overload = on_dropped,
	.on_late_message = on_dropped,
	.on_slow_reader = on_dropped,
	.on_rejection = on_turned_away,
	.owner = owner_of,
	.on_turn_end = on_rested,
	.on_closed = on_closed,
	.release = on_release,
};

/* As wide as a suite may ask for; the times are chat-serve's. */
static const struct conn_limits echo_limits = {
	.max_message_bytes = (size_t)64 << 20,
	.max_first_bytes = (size_t)64 << 20,
	.max_fragments = 1u << 20,
	.queue_bytes = (size_t)256 << 20,
	.all_queues_bytes = (size_t)1 << 30,
	.all_received_bytes = (size_t)1 << 30,
	.head_ms = 10000,
	.message_ms = 60000,
	.close_ms = 5000,
	.ping_ms = 60000,
	.pong_ms = 20000,
	.progress_ms = 30000,
};

/* ---- the loop ---- */

static void
on_sweep(uv_timer_t *sweep)
{
	struct echo_server *server = sweep->data;

	clock_update(&server->clock);
	conns_sweep(&server->conns, 1);
}

static void
on_term(uv_signal_t *term, int signal)
{
	struct echo_server *server = term->data;

	(void)signal;
	server->stopped = true;
}

static void
on_connection(uv_poll_t *accept, int status, int events)
{
	struct echo_server *server = accept->data;
	struct sockaddr_storage peer;
	int fd;

	(void)status;
	(void)events;
	while ((fd = listener_accept(&server->listeners, server->listeners.at, &peer)) >= 0) {
		struct conn *conn = chat_alloc_zeroed(1, sizeof(*conn));

		if (conn_start(conn, &server->conns, fd, NULL) < 0)
			free(conn);
	}
}

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
echo_server_run(struct echo_server *server)
{
	uv_timer_init(&server->loop, &server->sweep);
	uv_signal_init(&server->loop, &server->term);
	uv_poll_init(&server->loop, &server->accept, server->listeners.at[0].fd);
	server->sweep.data = server->term.data = server->accept.data = server;
	uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	uv_signal_start(&server->term, on_term, SIGTERM);
	uv_poll_start(&server->accept, UV_READABLE, on_connection);
	printf("%s\n", server->listeners.at[0].url);
	fflush(stdout);
	while (!server->stopped) {
		poller_wait(&server->conns.poller, true);
		poller_handle(&server->conns.poller);
		conns_flush(&server->conns);
	}
}

static void
echo_server_close(struct echo_server *server)
{
	while (server->conns.all)
		conn_abort(server->conns.all);
	conns_flush(&server->conns);
	conns_close(&server->conns);
	uv_walk(&server->loop, close_handle, NULL);
	uv_run(&server->loop, UV_RUN_DEFAULT);
	uv_loop_close(&server->loop);
	listeners_close(&server->listeners);
}

int
main(int argc, char **argv)
{
	bool binary = argc > 1 && strcmp(argv[1], "--binary") == 0;
	struct chat_strings addresses = {(const char **)&argv[1 + binary], 1};
	struct conn_events events = text_events;
	struct echo_server server = {0};
	struct chat_err err;

	if (argc != 2 + binary) {
		fputs("usage: echo_server [--binary] ADDRESS\n", stderr);
		return CHAT_EXIT_USAGE;
	}
	if (binary)
		events.on_binary = on_received_binary;
	chat_start();
	uv_loop_init(&server.loop);
	server.clock.loop = &server.loop;
	clock_update(&server.clock);
	if (listeners_open(&server.listeners, &addresses, false, &err) < 0 ||
		conns_open(&server.conns, &server.clock, &events, &echo_limits, &err) < 0) {
		chat_warn("%s", err.text);
		return chat_exit_status(err.code);
	}
	echo_server_run(&server);
	echo_server_close(&server);
	return 0;
}
