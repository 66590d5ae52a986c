/*
 * A connection over a socket pair, without a session: its handshakes, what its owner is told and in
 * which order, and when it is not read. Whatever happens, on_closed comes once, and then nothing is
 * held any more.
 */
#include "conn.h"

/* ---- the opening handshake ---- */

static void
test_accept(void)
{
	struct fixture *fixture = fixture_new();

	for (size_t i = 0; i < strlen(REQUEST) - 1; i++) {
		peer_send(fixture, &REQUEST[i], 1);
		poll_once(fixture);
	}
	expect(fixture, "", "", "a head but for a byte");
	is_int(fixture->conn.state, CONN_HANDSHAKE, "its handshake is not over");
	peer_send(fixture, "\n", 1);
	expect(fixture, "request /team|", "101|", "the last byte");
	is_int(fixture->conn.state, CONN_OPEN, "it is open");
	fixture_free(fixture, "accepted");
}

static void
test_frames_behind_head(void)
{
	struct fixture *fixture = fixture_new();
	struct chat_ws_masks masks = {.left = 0};
	struct chat_buf bytes = {0};

	chat_buf_append_span(&bytes, CHAT_SPAN(REQUEST));
	chat_ws_append(&bytes, &masks, CHAT_WS_TEXT, CHAT_SPAN("one"));
	chat_ws_append(&bytes, &masks, CHAT_WS_TEXT, CHAT_SPAN("two"));
	peer_send(fixture, bytes.at, bytes.len);
	expect(fixture, "request /team|message one|message two|", "101|one|two|",
		"a request and two messages at once");
	chat_buf_free(&bytes);
	fixture_free(fixture, "at once");
}

static void
test_refusal(const char *request, size_t len, int status, const char *told, const char *name)
{
	struct fixture *fixture = fixture_new();
	char frames[20];

	fixture->status = status;
	snprintf(frames, sizeof(frames), "%d|end|", status);
	peer_send(fixture, request, len);
	expect(fixture, told, frames, name);
	is_int(fixture->conn.state, CONN_CLOSING, "%s: the peer is to close", name);
	peer_send(fixture, "more", 4);
	expect(fixture, "", "", "what it still sends is discarded");
	shutdown(fixture->peer_fd, SHUT_WR);
	expect(fixture, "closed|released|", "", "it closes");
	fixture_free(fixture, name);
}

static void
test_refusals(void)
{
	static char long_head[CHAT_HTTP_HEAD_MAX + 1];

	memset(long_head, 'x', sizeof(long_head));
	test_refusal(REQUEST, strlen(REQUEST), 403, "request /team|rejection 403 because|",
		"by its owner");
	test_refusal("\x16\x03\x01", 3, 400,
		"rejection 400 TLS is not spoken here: ws:// in place of wss://|", "TLS");
	test_refusal(long_head, sizeof(long_head), 431,
		"rejection 431 the request head is over 8 KiB|", "a long head");
}

/* ---- messages ---- */

static void
test_messages(void)
{
	struct fixture *fixture = fixture_open();
	static char large[50000];

	memset(large, 'x', sizeof(large));
	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("hello"));
	peer_send_frame(fixture, CHAT_WS_PING, CHAT_SPAN("abc"));
	expect(fixture, "message hello|", "hello|pong abc|", "a message and a ping");
	ok(!fixture->conn.in.ws, "between messages it holds nothing of one");
	conn_trust(&fixture->conn);
	peer_send_frame(fixture, CHAT_WS_TEXT, (struct chat_span){large, sizeof(large)});
	expect(fixture, "message of 50000 bytes|", "50000|", "a large one, once trusted");
	fixture_free(fixture, "messages");
}

static void
test_half_message(void)
{
	static const char half[] = {(char)0x81, (char)0x85, 0, 0, 0, 0, 'h', 'e'};
	struct fixture *fixture = fixture_open();

	peer_send(fixture, half, sizeof(half));
	expect(fixture, "", "", "half a message");
	ok(fixture->conn.in.ws && fixture->conn.in.message_ms, "is kept, and since when");
	ok(fixture->conns.received_bytes > 0, "and counted");
	peer_send(fixture, "llo", 3);
	expect(fixture, "message hello|", "hello|", "its other half");
	ok(!fixture->conn.in.ws && fixture->conns.received_bytes == 0, "then nothing is kept");
	fixture_free(fixture, "in halves");
}

static void
test_violations(void)
{
	static char large[1001];
	struct fixture *fixture = fixture_open();

	peer_send(fixture, "\x81\x05hello", 7);
	expect(fixture, "violation 1002|", "last word|close 1002|end|", "an unmasked frame");
	shutdown(fixture->peer_fd, SHUT_WR);
	expect(fixture, "closed|released|", "", "it closes");
	fixture_free(fixture, "unmasked");

	fixture = fixture_open();
	memset(large, 'x', sizeof(large));
	peer_send_frame(fixture, CHAT_WS_TEXT, (struct chat_span){large, sizeof(large)});
	expect(fixture, "violation 1009|", "last word|close 1009|end|", "too large, not trusted");
	fixture_free(fixture, "too large");
}

static void
test_abort_in_message(void)
{
	struct fixture *fixture = fixture_open();

	fixture->abort_on_message = true;
	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("one"));
	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("two"));
	expect(fixture, "message one|closed|released|", "end|", "aborted by its own message");
	fixture_free(fixture, "aborted");
}

/* ---- the closing handshake ---- */

static void
test_peer_closes(void)
{
	struct fixture *fixture = fixture_open();

	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("bye"));
	peer_send_close(fixture, 1001);
	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("more"));
	expect(fixture, "message bye|closed|released|", "bye|close 1001|end|",
		"a Close is answered with its code, behind what was sent");
	fixture_free(fixture, "the peer closes");
}

static void
test_server_closes(void)
{
	struct fixture *fixture = fixture_open();

	conn_close(&fixture->conn, 1008, "reason");
	conn_send(&fixture->conn, CHAT_WS_TEXT, CHAT_SPAN("in the same tick"));
	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("not received"));
	expect(fixture, "", "in the same tick|close 1008|", "our Close is the last frame");
	conn_send(&fixture->conn, CHAT_WS_TEXT, CHAT_SPAN("too late"));
	expect(fixture, "", "", "nothing is sent behind it");
	peer_send_close(fixture, 1008);
	expect(fixture, "closed|released|", "end|", "the peer's Close ends it");
	fixture_free(fixture, "we close");
}

/* ---- pauses ---- */

static void
test_pauses(void)
{
	struct fixture *fixture = fixture_open();
	struct conn *conn = &fixture->conn;

	conn_pause(conn, CONN_PAUSE_SESSION);
	conn_pause(conn, CONN_PAUSE_BACKPRESSURE);
	peer_send_frame(fixture, CHAT_WS_TEXT, CHAT_SPAN("hello"));
	expect(fixture, "", "", "paused for two reasons");
	conn_resume(conn, CONN_PAUSE_SESSION);
	expect(fixture, "", "", "resumed for one of them");
	conn_resume(conn, CONN_PAUSE_BACKPRESSURE);
	expect(fixture, "message hello|", "hello|", "resumed for both");
	fixture_free(fixture, "pauses");
}

int
main(void)
{
	test_accept();
	test_frames_behind_head();
	test_refusals();
	test_messages();
	test_half_message();
	test_violations();
	test_abort_in_message();
	test_peer_closes();
	test_server_closes();
	test_pauses();
	return done();
}
