/*
 * The client connects, sends, receives and closes as client.h promises, with servers that behave
 * well or badly; each server is a child process for one connection.
 */
#include "wire/client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client_wait.h"
#include "tap.h"
#include "text/buf.h"
#include "text/clock.h"
#include "text/err.h"
#include "wire/http.h"
#include "wire/ws.h"

#define PATIENCE_MS 20000
#define MANY 200000
#define BIG (1 << 20)

static const struct chat_client_options defaults = {
	.connect_timeout_ms = PATIENCE_MS, .max_message_bytes = 4 << 20};

/* ---- the server, in a child process, which blocks and gives up at any error ---- */

struct peer {
	int fd;
	struct chat_ws ws;
	struct chat_ws_pool *pool;
	char bytes[65536];
	struct chat_span input;
};

typedef void scenario(struct peer *peer);

static void
peer_write(struct peer *peer, struct chat_buf *out)
{
	for (size_t at = 0; at < out->len;) {
		ssize_t sent = write(peer->fd, out->at + at, out->len - at);

		if (sent <= 0)
			exit(1);
		at += (size_t)sent;
	}
	chat_buf_free(out);
}

static void
peer_say(struct peer *peer, enum chat_ws_opcode opcode, struct chat_span payload)
{
	struct chat_buf out = {0};

	chat_ws_append(&out, NULL, opcode, payload);
	peer_write(peer, &out);
}

static void
peer_close(struct peer *peer, uint16_t code, const char *reason)
{
	struct chat_buf out = {0};

	chat_ws_append_close(&out, NULL, code, reason);
	peer_write(peer, &out);
}

static enum chat_ws_event
peer_next(struct peer *peer, struct chat_span *payload)
{
	static const struct chat_ws_limits limits = {
		.max_message_bytes = 4 << 20, .max_fragments = 1};
	enum chat_ws_event event;
	ssize_t got;

	while ((event = chat_ws_next(&peer->ws, peer->pool, &limits, &peer->input, payload)) ==
		CHAT_WS_WANT_MORE) {
		got = read(peer->fd, peer->bytes, sizeof(peer->bytes));
		if (got <= 0)
			exit(2);
		peer->input = (struct chat_span){peer->bytes, (size_t)got};
	}
	return event;
}

static void
peer_shake_hands(struct peer *peer)
{
	struct chat_http_request request;
	struct chat_buf out = {0};
	bool bad_version;
	size_t scanned = 0, len;

	for (size_t had = 0; (len = chat_http_head_len(peer->input, &scanned)) == 0;) {
		ssize_t got = read(peer->fd, peer->bytes + had, sizeof(peer->bytes) - had);

		if (got <= 0)
			exit(3);
		had += (size_t)got;
		peer->input = (struct chat_span){peer->bytes, had};
	}
	if (chat_http_read_request(&request, (struct chat_span){peer->bytes, len}, &bad_version) !=
		101)
		exit(4);
	peer->input = (struct chat_span){peer->bytes + len, peer->input.len - len};
	chat_http_write_accept(&out, request.key);
	peer_write(peer, &out);
}

/* Starts a server for one connection, whose URL is written to *url. Returns its process. */
static pid_t
serve(scenario *play, struct chat_url *url)
{
	static struct peer peer;
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		abort();
	*url = (struct chat_url){
		.host = "127.0.0.1", .port = ntohs(address.sin_port), .channel = "/"};
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		abort();
	if (pid > 0) {
		close(fd);
		return pid;
	}
	alarm(6 * PATIENCE_MS / 1000);
	peer.fd = accept(fd, NULL, NULL);
	peer.pool = chat_ws_pool_new();
	play(&peer);
	_exit(0);
}

static int
ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- the client ---- */

/* Waits for the next message or the end. Returns as chat_client_receive() does. */
static int
next(struct chat_client *client, struct chat_span *text, struct chat_err *err)
{
	int64_t deadline_ms = chat_now_ms() + PATIENCE_MS;
	int got;

	while ((got = chat_client_receive(client, text, err)) == 0) {
		if (!client_wait(client, deadline_ms)) {
			chat_fail(err, CHAT_TIMED_OUT, "nothing came");
			return -1;
		}
	}
	return got;
}

static struct chat_client *
open_client(const struct chat_url *url)
{
	struct chat_client *client = chat_client_open(url, &defaults, NULL);
	int64_t deadline_ms = chat_now_ms() + PATIENCE_MS;
	struct chat_span text;

	if (!client)
		abort();
	while (!chat_client_is_open(client) && chat_client_receive(client, &text, NULL) == 0 &&
		!chat_client_is_open(client) && client_wait(client, deadline_ms))
		;
	ok(chat_client_is_open(client), "the connection opens");
	return client;
}

static void
play_many(struct peer *peer)
{
	struct chat_buf out = {0};
	char line[128];

	peer_shake_hands(peer);
	for (int i = 0; i < MANY; i++) {
		snprintf(line, sizeof(line), "%-100d", i);
		chat_ws_append(&out, NULL, CHAT_WS_TEXT, (struct chat_span){line, 100});
		if (out.len > 60000)
			peer_write(peer, &out);
	}
	peer_write(peer, &out);
	peer_close(peer, 1000, "that is all");
}

/* Returns the number at the front of a text. */
static int
number_of(struct chat_span text)
{
	int number = 0;

	for (size_t i = 0; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++)
		number = 10 * number + text.at[i] - '0';
	return number;
}

static void
test_many(void)
{
	struct chat_url url;
	pid_t pid = serve(play_many, &url);
	struct chat_client *client = chat_client_open(&url, &defaults, NULL);
	struct chat_span text;
	struct chat_err err;
	int wrong = 0, count = 0;

	ok(client && !chat_client_is_open(client), "opening waits for nothing");
	is_str(chat_client_address(client), "", "there is no address yet");
	while (next(client, &text, &err) == 1)
		wrong += text.len != 100 || number_of(text) != count++;
	is_int(count, MANY, "all messages come");
	is_int(wrong, 0, "in order and whole");
	is_str(chat_code_word(err.code), "connection_closed", "then the Close");
	is_str(err.text, "the server closed with 1000: that is all", "with its reason");
	is_int(chat_client_receive(client, &text, &err), -1, "the end stays the end");
	is_int(chat_client_send(client, CHAT_SPAN("x"), NULL), -1, "nothing can be sent");
	chat_client_free(client);
	is_int(ended(pid), 0, "the server is content");
}

/* A server that sends everything back and answers a Close. */
static void
play_echo(struct peer *peer)
{
	struct chat_span payload;
	enum chat_ws_event event;

	peer_shake_hands(peer);
	while ((event = peer_next(peer, &payload)) != CHAT_WS_GOT_CLOSE) {
		if (event == CHAT_WS_MESSAGE)
			peer_say(peer, CHAT_WS_TEXT, payload);
		else if (event == CHAT_WS_GOT_PING)
			peer_say(peer, CHAT_WS_PONG, payload);
		else
			exit(5);
	}
	peer_close(peer, peer->ws.close_code, NULL);
}

static void
test_echo(void)
{
	struct chat_url url;
	pid_t pid = serve(play_echo, &url);
	struct chat_client *client = open_client(&url);
	char *big = chat_alloc(BIG);
	struct pollfd fd;
	struct chat_span text;
	struct chat_err err;

	is_int(chat_client_poll_fds(client, &fd, 1), 1, "an open connection is one descriptor");
	ok((fcntl(fd.fd, F_GETFD) & FD_CLOEXEC) != 0, "that no child process inherits");
	is_int(fd.events, POLLIN, "to be read");
	ok(chat_client_wake_ms(client) <= chat_now_ms(), "at once: words may have come with it");
	is_int(chat_client_receive(client, &text, &err), 0, "nothing came");
	ok(chat_client_wake_ms(client) == INT64_MAX, "then at any time");
	ok(strncmp(chat_client_address(client), "127.0.0.1:", 10) == 0, "at an address");
	for (size_t i = 0; i < BIG; i++)
		big[i] = (char)('a' + i % 23);
	for (int i = 0; i < 4; i++)
		chat_client_send(client, (struct chat_span){big, BIG}, NULL);
	is_int(chat_client_ping(client), 1, "a ping has a number");
	chat_client_send(client, CHAT_SPAN(""), NULL);
	chat_client_close(client);
	is_int(chat_client_send(client, CHAT_SPAN("late"), &err), -1, "nothing follows a Close");
	for (int i = 0; i < 4; i++) {
		is_int(next(client, &text, &err), 1, "a big message comes back");
		ok(chat_span_equal(text, (struct chat_span){big, BIG}), "whole");
		ok(!chat_client_has_pong(client, 1), "and does not answer the ping after it");
	}
	is_int(next(client, &text, &err), 1, "a message comes back");
	is_int(text.len, 0, "an empty one");
	ok(chat_client_has_pong(client, 1), "the ping before it is answered");
	ok(!chat_client_has_pong(client, 2), "and no later one");
	is_int(next(client, &text, &err), -1, "then the end");
	is_str(chat_code_word(err.code), "connection_closed", "as asked for");
	is_int(chat_client_queued_bytes(client), 0, "with nothing queued");
	chat_client_free(client);
	free(big);
	is_int(ended(pid), 0, "the server is content");
}

/* A server that reads nothing after the handshake, until it is killed. */
static void
play_deaf(struct peer *peer)
{
	peer_shake_hands(peer);
	pause();
}

static void
test_deaf(void)
{
	char *big = chat_alloc_zeroed(1, BIG);
	struct chat_client *client;
	struct chat_url url;
	struct pollfd fd;
	pid_t pid = serve(play_deaf, &url);

	client = open_client(&url);
	for (int i = 0; i < 16; i++)
		chat_client_send(client, (struct chat_span){big, BIG}, NULL);
	is_int(chat_client_flush(client, NULL), 0, "a server that reads nothing is no error");
	ok(chat_client_queued_bytes(client) > 4 << 20, "what it does not take stays queued");
	is_int(chat_client_poll_fds(client, &fd, 1), 1, "there is a descriptor");
	is_int(fd.events, POLLIN | POLLOUT, "to wait for room");
	chat_client_free(client);
	kill(pid, SIGKILL);
	is_int(ended(pid), -SIGKILL, "freeing waits for nobody");
	free(big);
}

/* A server that answers the first message with a text and a Close, and exits: what the client sends
 * afterwards is answered with a reset. */
static void
play_going(struct peer *peer)
{
	struct chat_span payload;

	peer_shake_hands(peer);
	peer_next(peer, &payload);
	peer_say(peer, CHAT_WS_TEXT, CHAT_SPAN("the reason"));
	peer_close(peer, 1008, "go");
	peer_say(peer, CHAT_WS_TEXT, CHAT_SPAN("never read"));
}

static void
test_going(void)
{
	struct chat_url url;
	pid_t pid = serve(play_going, &url);
	struct chat_client *client = open_client(&url);
	struct chat_span text;
	struct chat_err err;
	int sent = 0;

	chat_client_send(client, CHAT_SPAN("hello"), NULL);
	chat_client_flush(client, NULL);
	is_int(ended(pid), 0, "the server goes");
	for (int i = 0; i < 100 && sent == 0; i++) {
		sent = chat_client_send(client, CHAT_SPAN("are you there"), NULL);
		sent |= chat_client_flush(client, NULL);
	}
	is_int(sent, -1, "sending fails at last");
	is_int(next(client, &text, &err), 1, "what came before is still read");
	ok(chat_span_equal(text, CHAT_SPAN("the reason")), "the last words");
	is_int(next(client, &text, &err), -1, "then the end");
	is_str(chat_code_word(err.code), "refused", "as the Close has it");
	chat_client_free(client);
}

static void
play_pings(struct peer *peer)
{
	struct chat_span payload;

	peer_shake_hands(peer);
	peer_say(peer, CHAT_WS_PING, CHAT_SPAN("one"));
	peer_say(peer, CHAT_WS_PING, CHAT_SPAN("two"));
	if (peer_next(peer, &payload) != CHAT_WS_GOT_PONG ||
		!chat_span_equal(payload, CHAT_SPAN("one")) ||
		peer_next(peer, &payload) != CHAT_WS_GOT_PONG ||
		!chat_span_equal(payload, CHAT_SPAN("two")))
		exit(7);
	peer_close(peer, 1013, NULL);
	if (peer_next(peer, &payload) != CHAT_WS_GOT_CLOSE || peer->ws.close_code != 1013 ||
		payload.len != 0)
		exit(8);
}

static void
test_pings(void)
{
	struct chat_url url;
	pid_t pid = serve(play_pings, &url);
	struct chat_client *client = open_client(&url);
	struct chat_span text;
	struct chat_err err;

	is_int(next(client, &text, &err), -1, "pings are no messages");
	is_str(chat_code_word(err.code), "try_later", "1013 is for later");
	chat_client_free(client);
	is_int(ended(pid), 0, "pings and the Close were answered");
}

static void
play_silence(struct peer *peer)
{
	while (read(peer->fd, peer->bytes, sizeof(peer->bytes)) > 0)
		;
}

static void
test_failures(void)
{
	struct chat_client_options hasty = defaults;
	struct chat_client *client;
	struct chat_url url, closed;
	struct chat_span text;
	struct chat_err err;
	pid_t pid = serve(play_silence, &url);

	hasty.connect_timeout_ms = 100;
	client = chat_client_open(&url, &hasty, &err);
	is_int(chat_client_send(client, CHAT_SPAN("x"), NULL), -1, "too early to send");
	is_int(next(client, &text, &err), -1, "a silent server");
	is_str(chat_code_word(err.code), "cannot_connect", "is none");
	is_str(err.text, "the server does not answer", "in these words");
	chat_client_free(client);
	is_int(ended(pid), 0, "it is left alone");

	pid = serve(play_going, &closed);
	kill(pid, SIGKILL);
	ended(pid);
	client = chat_client_open(&closed, &defaults, &err);
	is_int(next(client, &text, &err), -1, "a closed port");
	is_str(chat_code_word(err.code), "cannot_connect", "cannot be connected to");
	is_str(err.text, "Connection refused", "in the system's words");
	chat_client_free(client);

	snprintf(url.channel, sizeof(url.channel), "/a b");
	ok(!chat_client_open(&url, &defaults, &err), "a path that cannot be said");
	is_str(chat_code_word(err.code), "usage", "is the caller's fault");
	chat_client_free(NULL);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_many();
	test_echo();
	test_deaf();
	test_going();
	test_pings();
	test_failures();
	return done();
}
