/*
 * A session over a socket pair, without a server around it: whom it lets in, what each message
 * means in each state, when its peer is not read, and when that ends.
 */
#include "serve/session/sessions.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/channel/publish.h"
#include "serve/session/session.h"
#include "tap.h"

#define ALICE_DIGEST \
	"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" /* "secret" */
#define TURNS_MAX 1000 /* of the loop, for what has to come */

/* Everything that a session needs around it, and one peer. */
struct stand {
	uv_loop_t loop;
	struct clock clock;
	struct conns conns;
	struct addresses addresses;
	struct channels channels;
	struct error_log error_log;
	struct session_context context;
	struct session *session; /* of the peer that came last */
	int peer_fd;
	char heard[65536]; /* what the peer has read and no expectation has passed */
	size_t heard_len;
	bool ended; /* the peer has read the end */
	bool disk_waits; /* the journal stores nothing now */
};

static const struct conn_limits conn_limits = {
	.max_message_bytes = 65536,
	.max_first_bytes = 4096,
	.max_fragments = 16,
	.queue_bytes = 1 << 20,
	.all_queues_bytes = 1 << 26,
	.all_received_bytes = 1 << 26,
	.head_ms = 60000,
	.message_ms = 60000,
	.close_ms = 60000,
	.ping_ms = 60000,
	.pong_ms = 60000,
	.progress_ms = 60000,
};

static const struct channels_limits channels_limits = {
	.channels = 100,
	.members = 100,
	.leavers = 100,
	.crowd = 100,
	.history_replay = 100,
	.history_replay_bytes = 65536,
	.page_message_bytes = 65536,
	.history_keep = 100,
	.history_bytes = 1 << 20,
	.max_message_bytes = 65536,
};

static void
on_durable(void *arg, uint64_t ticket)
{
	((struct stand *)arg)->channels.durable = ticket;
}

static void
publish(void *arg)
{
	struct stand *stand = arg;
	struct journal *journal = stand->channels.journal;

	if (!stand->disk_waits)
		journal->kind->commit(journal);
	channels_publish(&stand->channels);
	sessions_settle(&stand->context);
}

static void
stand_open(struct stand *stand)
{
	static const struct journal_events events = {.durable = on_durable};
	static const struct chat_strings none;
	struct session_context *context = &stand->context;
	struct chat_err err;

	memset(stand, 0, sizeof(*stand));
	stand->peer_fd = -1;
	uv_loop_init(&stand->loop);
	stand->clock.loop = &stand->loop;
	clock_update(&stand->clock);
	error_log_open(&stand->error_log, &stand->loop, STDERR_FILENO);
	conns_open(&stand->conns, &stand->clock, &session_events, &conn_limits, &err);
	channels_init(&stand->channels, &channels_limits, &stand->clock, 1);
	page_cache_init(&stand->channels.page_cache, 1 << 20);
	stand->channels.nonces.most = 1000;
	stand->channels.nonces.most_bytes = 1 << 20;
	stand->channels.nonces.keep_ms = 60000;
	stand->channels.journal = null_journal_open(&events, stand);
	addresses_init(&stand->addresses, 1);
	stand->addresses.most = 10;
	stand->addresses.failures_most = 10;
	context->options = (struct session_options){
		.max_connections = 10, .max_errors = 3, .init_timeout_ms = 60000};
	context->names = (struct origin_names){&none, &none, NULL};
	context->clock = &stand->clock;
	context->conns = &stand->conns;
	context->addresses = &stand->addresses;
	context->channels = &stand->channels;
	context->error_log = &stand->error_log;
	for (int kind = 0; kind < RATE_KINDS; kind++)
		context->rate_limiter.limits[kind].burst = 1; /* of no limit */
	context->backpressure.publish = publish;
	context->backpressure.arg = stand;
	catchup_open(&context->catchup, &stand->loop, &stand->channels, 65536);
	backpressure_open(&context->backpressure, &stand->channels, 1 << 26, 65536);
}

static void
close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void
stand_close(struct stand *stand)
{
	struct journal *journal = stand->channels.journal;

	while (stand->conns.all)
		conn_abort(stand->conns.all);
	publish(stand);
	conns_flush(&stand->conns);
	conns_close(&stand->conns);
	error_log_leave_loop(&stand->error_log);
	uv_walk(&stand->loop, close_handle, NULL);
	while (uv_run(&stand->loop, UV_RUN_NOWAIT))
		;
	uv_loop_close(&stand->loop);
	session_context_free(&stand->context);
	tokens_free(&stand->context.tokens);
	channels_free(&stand->channels);
	journal->kind->close(journal, false);
	addresses_free(&stand->addresses);
	error_log_close(&stand->error_log);
	if (stand->peer_fd >= 0)
		close(stand->peer_fd);
}

/* ---- the peer ---- */

/* A peer connects from this address of a network, without a word. */
static void
connect_from(struct stand *stand, const char *address)
{
	struct sockaddr_in peer = {.sin_family = AF_INET};
	int fds[2];

	inet_pton(AF_INET, address, &peer.sin_addr);
	if (stand->peer_fd >= 0)
		close(stand->peer_fd);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0)
		abort();
	stand->peer_fd = fds[1];
	stand->heard_len = 0;
	stand->ended = false;
	session_start(&stand->context, fds[0], NULL,
		addresses_enter(&stand->addresses, (const struct sockaddr *)&peer));
	stand->session = session_of(stand->conns.all); /* the newest is the first */
}

static void
write_all(int fd, const void *bytes, size_t len)
{
	if (write(fd, bytes, len) != (ssize_t)len)
		abort();
}

/* A request for a channel. */
static void
request(struct stand *stand, const char *path)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: 192.0.2.9\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		path);

	write_all(stand->peer_fd, text, (size_t)len);
}

/* A text frame; its mask is 0. */
static void
say(struct stand *stand, const char *text)
{
	size_t len = strlen(text);
	unsigned char head[8] = {0x81, 0x80 | (unsigned char)(len < 126 ? len : 126)};
	size_t head_len = 2;

	if (len >= 126) {
		head[head_len++] = (unsigned char)(len >> 8);
		head[head_len++] = (unsigned char)len;
	}
	head_len += 4;
	write_all(stand->peer_fd, head, head_len);
	write_all(stand->peer_fd, text, len);
}

/* A Close with the code 1000; its mask is 0. */
static void
say_close(const struct stand *stand)
{
	static const unsigned char close[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8};

	write_all(stand->peer_fd, close, sizeof(close));
}

#define CLOSE_1000 "\x88\x02\x03\xe8" /* as the server sends it */

/* A turn of the loop with its tick. */
static void
turn(struct stand *stand)
{
	ssize_t count;

	poller_wait(&stand->conns.poller, false);
	poller_handle(&stand->conns.poller);
	publish(stand);
	catchup_turn(&stand->context.catchup);
	conns_flush(&stand->conns);
	catchup_end_turn(&stand->context.catchup);
	while ((count = read(stand->peer_fd, stand->heard + stand->heard_len,
			sizeof(stand->heard) - stand->heard_len)) > 0)
		stand->heard_len += (size_t)count;
	stand->ended |= count == 0;
}

/* Turns the loop until the peer has read this text. What came before it is passed. */
static void
hears(struct stand *stand, const char *text, const char *what)
{
	char *found = NULL;
	size_t len = strlen(text), passed;

	for (int i = 0; i < TURNS_MAX && !found; i++) {
		turn(stand);
		found = memmem(stand->heard, stand->heard_len, text, len);
	}
	ok(found, "%s", what);
	if (!found) {
		printf("# heard %zu bytes\n", stand->heard_len);
		return;
	}
	passed = (size_t)(found - stand->heard) + len;
	memmove(stand->heard, found + len, stand->heard_len - passed);
	stand->heard_len -= passed;
}

/* Turns the loop a few times. Returns true if the peer has read this text in that time. */
static bool
hears_soon(struct stand *stand, const char *text)
{
	for (int i = 0; i < 10; i++)
		turn(stand);
	return memmem(stand->heard, stand->heard_len, text, strlen(text)) != NULL;
}

/* Time goes by, without waiting for it. */
static void
pass_ms(struct stand *stand, int64_t time_ms)
{
	stand->clock.stood_ms -= time_ms;
}

static void
join(struct stand *stand, const char *init)
{
	request(stand, "/room");
	say(stand, init);
	hears(stand, "\"type\":\"history\"", "init makes a member, who gets the history");
}

#define INIT "{\"type\":\"init\",\"username\":\"alice\",\"id\":\"a-1\"}"

/* ---- the tests ---- */

static void
test_request(void)
{
	struct stand stand;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/no//channel");
	hears(&stand, "HTTP/1.1 404", "a path that is no channel is not found");
	connect_from(&stand, "192.0.2.1");
	is_int(stand.session->state, SESSION_ACTIVE, "before the request it awaits nothing");
	request(&stand, "/room");
	hears(&stand, "HTTP/1.1 101", "a channel is");
	is_int(stand.session->state, SESSION_AWAITS_INIT, "then it awaits init");
	ok(stand.session->requested && stand.session->requested->visitors == 1,
		"and the channel counts it as a visitor");
	stand.context.options.init_timeout_ms = 5000;
	pass_ms(&stand, 4900);
	sessions_sweep(&stand.context);
	ok(!hears_soon(&stand, "not_initialized"), "shortly before the time is over it may");
	pass_ms(&stand, 200);
	sessions_sweep(&stand.context);
	hears(&stand, "not_initialized", "then it is ended");
	is_int(stand.context.counters.drops[DROP_TOO_LATE], 1, "and counted as too late");
	stand_close(&stand);
}

static void
test_full(void)
{
	struct stand stand;

	stand_open(&stand);
	stand.context.options.max_connections = 0;
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	hears(&stand, "HTTP/1.1 503", "one more than there may be is refused");
	stand_close(&stand);
}

static void
test_messages(void)
{
	struct stand stand;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, "{\"type\":\"text\",\"text\":\"early\"}");
	hears(&stand, "\"not_initialized\"", "a text before init is an error");
	say(&stand, INIT);
	hears(&stand, "\"type\":\"userData\"", "init is answered with who is there");
	hears(&stand, "\"type\":\"history\"", "and the history");
	ok(stand.session->member.channel && !stand.session->requested &&
			stand.session->member.channel->visitors == 0,
		"it is a member, and no visitor");
	ok(!stand.session->catchup, "who is live");
	say(&stand, INIT);
	hears(&stand, "\"already_initialized\"", "a second init is an error");
	say(&stand, "{\"type\":\"text\",\"text\":\"hello\",\"nonce\":\"n\"}");
	hears(&stand, "\"content\":\"hello\"", "a text is posted, and comes back");
	say(&stand, "{\"type\":\"text\",\"text\":1}");
	hears(&stand, "\"fatal\":true", "the third bad message ends the connection");
	is_int(stand.context.counters.drops[DROP_PROTOCOL], 1, "as one that broke the rules");
	is_int(stand.context.counters.errors[CHAT_ALREADY_INITIALIZED], 1, "errors are counted");
	is_int(stand.channels.ever.messages, 1, "one message was posted");
	stand_close(&stand);
}

static void
test_errors_window(void)
{
	struct stand stand;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	for (int i = 0; i < 4; i++) {
		say(&stand, "{}");
		hears(&stand, "\"type\":\"error\"", "a bad message is an error");
		pass_ms(&stand, 6000); /* two in each window */
	}
	is_int(stand.context.counters.drops[DROP_PROTOCOL], 0, "few at a time end nothing");
	stand_close(&stand);
}

static void
test_server_name(void)
{
	struct stand stand;

	stand_open(&stand);
	stand.context.options.reserves_server_name = true;
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, "{\"type\":\"init\",\"username\":\"server\",\"id\":\"a-1\"}");
	hears(&stand, "\"username_taken\"", "the server's own name is taken");
	say(&stand, "{\"type\":\"init\",\"username\":\"alice\",\"id\":\"server\"}");
	hears(&stand, "\"id_taken\"", "and its id");
	stand.context.options.reserves_server_name = false;
	say(&stand, "{\"type\":\"init\",\"username\":\"server\",\"id\":\"server\"}");
	hears(&stand, "\"type\":\"history\"", "unless it posts nothing itself");
	stand_close(&stand);
}

static void
test_rate(void)
{
	struct stand stand;
	struct rate_limit *limits = stand.context.rate_limiter.limits;

	stand_open(&stand);
	limits[RATE_MESSAGES] = (struct rate_limit){.per_second = 1, .burst = 1};
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	say(&stand, "{\"type\":\"text\",\"text\":\"one\"}");
	hears(&stand, "\"content\":\"one\"", "one message is within the rate");
	say(&stand, "{\"type\":\"text\",\"text\":\"two\"}");
	hears(&stand, "\"rate_limited\"", "another one at once is not");
	is_int(stand.session->state, SESSION_THROTTLED, "and its sender is not read");
	pass_ms(&stand, 1000);
	say(&stand, "{\"type\":\"text\",\"text\":\"three\"}");
	ok(!hears_soon(&stand, "three"), "before the sweep, even when it has credit again");
	sessions_sweep(&stand.context);
	is_int(stand.session->state, SESSION_ACTIVE, "the sweep ends that");
	hears(&stand, "\"content\":\"three\"", "and it is read");
	stand_close(&stand);
}

static void
test_backpressure(void)
{
	struct stand stand;
	struct backpressure *backpressure = &stand.context.backpressure;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	stand.channels.pending_bytes += (1 << 20) + 1; /* as if it waited for the journal */
	backpressure->limit_bytes = 2 << 20;
	backpressure->publish_bytes = SIZE_MAX;
	say(&stand, "{\"type\":\"text\",\"text\":\"one\"}");
	hears(&stand, "\"content\":\"one\"", "a message for which there is room is posted");
	is_int(stand.session->state, SESSION_STALLED, "above half of it its sender is not read");
	ok(!sessions_resume(&stand.context) && stand.session->state == SESSION_STALLED,
		"as long as it is so");
	backpressure->limit_bytes = 1 << 20;
	stand.channels.pending_bytes -= (1 << 20) + 1;
	ok(sessions_resume(&stand.context), "when the journal has it there is room for more");
	is_int(stand.session->state, SESSION_ACTIVE, "and its sender is read");
	stand.channels.pending_bytes += 1 << 20;
	say(&stand, "{\"type\":\"text\",\"text\":\"two\"}");
	hears(&stand, "\"unavailable\"", "one for which there is none is refused");
	is_int(stand.channels.ever.messages, 1, "and not posted");
	stand.channels.pending_bytes -= 1 << 20;
	stand_close(&stand);
}

/* The answer to a Close says that the messages before it are stored. */
static void
test_close(void)
{
	struct stand stand;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	stand.disk_waits = true;
	say(&stand, "{\"type\":\"text\",\"text\":\"one\"}");
	say_close(&stand);
	ok(!hears_soon(&stand, CLOSE_1000), "a Close behind a message that is not stored waits");
	is_int(stand.session->state, SESSION_SETTLING, "as its session says");
	pass_ms(&stand, 10 * conn_limits.ping_ms);
	conns_sweep(&stand.conns, 1);
	conns_sweep(&stand.conns, 1);
	is_int(stand.conns.silent, 0, "who waits for it need not answer a ping");
	stand.disk_waits = false;
	hears(&stand, "\"content\":\"one\"", "when the message is stored it is published");
	hears(&stand, CLOSE_1000, "and then the Close is answered");
	ok(hears_soon(&stand, "") && stand.ended, "and TCP ends");

	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	stand.disk_waits = true;
	say_close(&stand);
	hears(&stand, CLOSE_1000, "who has posted nothing does not wait for the disk");
	stand.disk_waits = false;
	stand_close(&stand);
}

/* ---- tokens ---- */

static void
open_tokens(struct stand *stand, const char *text)
{
	char path[] = "/tmp/chat-session-XXXXXX";
	int fd = mkstemp(path);
	struct chat_err err;

	write_all(fd, text, strlen(text));
	close(fd);
	if (tokens_open(&stand->context.tokens, path, &err) < 0)
		abort();
	unlink(path);
	stand->context.tokens.path = "tokens";
}

#define INIT_SECRET "{\"type\":\"init\",\"username\":\"alice\",\"id\":\"x\",\"token\":\"secret\"}"
#define INIT_WRONG "{\"type\":\"init\",\"username\":\"alice\",\"id\":\"x\",\"token\":\"wrong\"}"

static void
test_token(void)
{
	struct stand stand;

	stand_open(&stand);
	open_tokens(&stand, "alice:" ALICE_DIGEST ":alice-id\n");
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT_SECRET);
	ok(stand.session->member.user->id_len == 8 &&
			memcmp(stand.session->member.user->id, "alice-id", 8) == 0,
		"the id is that of the token, whatever init claims");
	sessions_recheck(&stand.context);
	ok(!hears_soon(&stand, "\"unauthorized\""), "a token that is still valid ends nothing");
	tokens_free(&stand.context.tokens);
	sessions_recheck(&stand.context);
	hears(&stand, "your token is not valid any more", "one that is gone ends the session");
	stand_close(&stand);
}

static void
test_wrong_token(void)
{
	struct stand stand;

	stand_open(&stand);
	open_tokens(&stand, "alice:" ALICE_DIGEST "\n");
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, INIT_WRONG);
	say(&stand, INIT_SECRET);
	hears(&stand, "HTTP/1.1 101", "a wrong token");
	ok(!hears_soon(&stand, "{"), "is not answered at once, nor what comes behind it");
	is_int(stand.session->state, SESSION_DENIED, "it is denied");
	pass_ms(&stand, 900);
	sessions_sweep(&stand.context);
	ok(!hears_soon(&stand, "{"), "nor shortly before a second has passed");
	pass_ms(&stand, 200);
	sessions_sweep(&stand.context);
	hears(&stand, "\"unauthorized\"", "but then");
	stand_close(&stand);
}

static void
test_barred(void)
{
	struct stand stand;

	stand_open(&stand);
	open_tokens(&stand, "alice:" ALICE_DIGEST "\n");
	stand.addresses.failures_most = 1;
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, INIT_WRONG);
	hears(&stand, "HTTP/1.1 101", "a wrong token bars its address");
	ok(!hears_soon(&stand, "{"), "without an answer");

	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, INIT_SECRET);
	say(&stand, "{\"type\":\"text\",\"text\":\"behind\"}");
	hears(&stand, "HTTP/1.1 101", "the next one from there");
	ok(!hears_soon(&stand, "{"), "is not answered");
	is_int(stand.session->state, SESSION_AWAITS_AUTH, "but waits its turn");
	ok(stand.context.auth_queue.bytes > sizeof(INIT_SECRET), "its messages are counted");
	sessions_sweep(&stand.context);
	hears(&stand, "\"type\":\"history\"", "which comes with the sweep");
	hears(&stand, "\"content\":\"behind\"", "and what it sent with its init is posted");
	is_int(stand.context.auth_queue.bytes, 0, "nothing waits any more");

	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, INIT_WRONG);
	hears(&stand, "HTTP/1.1 101", "a wrong token bars it again");
	connect_from(&stand, "192.0.2.1");
	request(&stand, "/room");
	say(&stand, INIT_SECRET);
	say(&stand, "{\"type\":\"text\",\"text\":\"before the Close\"}");
	say_close(&stand);
	hears(&stand, "HTTP/1.1 101", "who has waited its turn");
	ok(!hears_soon(&stand, CLOSE_1000), "is not answered its Close");
	sessions_sweep(&stand.context);
	hears(&stand, "\"content\":\"before the Close\"", "before its messages are posted");
	hears(&stand, CLOSE_1000, "but after that");

	connect_from(&stand, "192.0.2.2");
	join(&stand, INIT_SECRET);
	stand_close(&stand);
}

/* ---- the past, and the end ---- */

static void
test_since(void)
{
	struct stand stand;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	say(&stand, "{\"type\":\"text\",\"text\":\"first\"}");
	hears(&stand, "\"content\":\"first\"", "what was posted");
	connect_from(&stand, "192.0.2.2");
	request(&stand, "/room");
	say(&stand, "{\"type\":\"init\",\"username\":\"bob\",\"id\":\"b-1\",\"since\":\"0\"}");
	hears(&stand, "\"content\":\"first\"", "comes with since");
	ok(!stand.session->catchup && stand.context.catchup.readers == 0, "then it is live");
	is_int(stand.context.catchup.pages_sent, 1, "one page was sent");
	stand_close(&stand);
}

static void
test_shut_down(void)
{
	struct stand stand;

	stand_open(&stand);
	connect_from(&stand, "192.0.2.1");
	join(&stand, INIT);
	sessions_shut_down(&stand.context);
	hears(&stand, "\"shutting_down\"", "at the end a peer is told");
	stand_close(&stand);
}

int
main(void)
{
	test_request();
	test_full();
	test_messages();
	test_errors_window();
	test_server_name();
	test_rate();
	test_backpressure();
	test_close();
	test_token();
	test_wrong_token();
	test_barred();
	test_since();
	test_shut_down();
	return done();
}
