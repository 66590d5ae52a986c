/*
 * A member of a channel (libchat-client), through its public header alone, with servers that behave
 * well or badly: each event comes once and in order, each message has one result, and one
 * descriptor is enough to wait for. Each server is a child process, which follows a script.
 */
#include "chat/member.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "text/buf.h"
#include "text/clock.h"
#include "wire/http.h"
#include "wire/ws.h"

#define PATIENCE_MS 20000

/* ---- the server: exits with the number of the line where the member did what it must not ---- */

struct peer {
	int listen_fd, fd;
	struct chat_ws ws;
	struct chat_ws_pool *pool;
	char bytes[65536];
	struct chat_span input;
	size_t piece; /* bytes of a write */
	char since[64], nonce[64], text[64]; /* of what was heard last; "": none */
};

typedef void scenario(struct peer *peer);

#define expect(condition) \
	do { \
		if (!(condition)) \
			_exit(__LINE__ % 200 + 50); \
	} while (0)

static void
peer_write(struct peer *peer, struct chat_buf *out)
{
	size_t piece = peer->piece ? peer->piece : out->len;

	for (size_t at = 0; at < out->len; at += piece) {
		size_t len = out->len - at < piece ? out->len - at : piece;

		expect(send(peer->fd, out->at + at, len, MSG_NOSIGNAL) == (ssize_t)len);
	}
	chat_buf_free(out);
}

__attribute__((format(printf, 2, 3))) static void
say(struct peer *peer, const char *format, ...)
{
	struct chat_buf out = {0};
	char text[4096];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	chat_ws_append(&out, NULL, CHAT_WS_TEXT, chat_span_of(text));
	peer_write(peer, &out);
}

static void
say_close(struct peer *peer, uint16_t code)
{
	struct chat_buf out = {0};

	chat_ws_append_close(&out, NULL, code, NULL);
	peer_write(peer, &out);
}

/* Accepts the next connection, and does the handshake. */
static void
take_connection(struct peer *peer)
{
	struct chat_http_request request;
	struct chat_buf out = {0};
	bool bad_version;
	size_t scanned = 0, len, had = 0;

	peer->fd = accept(peer->listen_fd, NULL, NULL);
	peer->input.len = 0;
	chat_ws_init(&peer->ws, CHAT_WS_SERVER);
	while ((len = chat_http_head_len(peer->input, &scanned)) == 0) {
		ssize_t got = read(peer->fd, peer->bytes + had, sizeof(peer->bytes) - had);

		expect(got > 0);
		had += (size_t)got;
		peer->input = (struct chat_span){peer->bytes, had};
	}
	expect(chat_http_read_request(
		       &request, (struct chat_span){peer->bytes, len}, &bad_version) == 101);
	peer->input = (struct chat_span){peer->bytes + len, peer->input.len - len};
	chat_http_write_accept(&out, request.key);
	peer_write(peer, &out);
}

static void
copy(char to[64], const struct chat_msg *msg, enum chat_slot slot)
{
	struct chat_span inside = {"", 0};

	if (chat_msg_has(msg, slot))
		inside = chat_json_inside(&msg->value[slot]);
	snprintf(to, 64, "%.*s", (int)inside.len, inside.at);
}

/* Waits for the next message of the member; CHAT_TYPE_UNKNOWN: it has closed. Answers pings. */
static enum chat_type
hear(struct peer *peer)
{
	static const struct chat_ws_limits limits = {
		.max_message_bytes = 4 << 20, .max_fragments = 1};
	struct chat_span payload;
	struct chat_buf out;
	struct chat_msg msg;
	ssize_t got;

	for (;;) {
		out = (struct chat_buf){0};
		switch (chat_ws_next(&peer->ws, peer->pool, &limits, &peer->input, &payload)) {
		case CHAT_WS_WANT_MORE:
			got = read(peer->fd, peer->bytes, sizeof(peer->bytes));
			if (got <= 0)
				return CHAT_TYPE_UNKNOWN;
			peer->input = (struct chat_span){peer->bytes, (size_t)got};
			break;
		case CHAT_WS_GOT_PING:
			chat_ws_append(&out, NULL, CHAT_WS_PONG, payload);
			peer_write(peer, &out);
			break;
		case CHAT_WS_MESSAGE:
			expect(chat_msg_read(&msg, payload, CHAT_FROM_CLIENT, NULL) == 0);
			copy(peer->since, &msg, CHAT_SLOT_SINCE);
			copy(peer->nonce, &msg, CHAT_SLOT_NONCE);
			copy(peer->text, &msg, CHAT_SLOT_TEXT);
			return msg.type;
		case CHAT_WS_GOT_CLOSE:
			return CHAT_TYPE_UNKNOWN;
		default:
			expect(false);
		}
	}
}

#define FEATURES "\"features\":[\"nonce\",\"since\",\"more\"]"

/* Takes a connection and its init, and answers with userData and this history. */
static void
let_in(struct peer *peer, const char *instance, const char *history)
{
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT);
	say(peer,
		"{\"type\":\"userData\",\"users\":[],\"server\":{" FEATURES
		",\"instance\":\"%s\"}}",
		instance);
	say(peer, "{\"type\":\"history\",\"messages\":[%s]%s}", history,
		strstr(history, "\"id\"") || peer->since[0] ? ",\"complete\":true" : "");
}

/* A message of somebody, with a text. */
#define MESSAGE(id, text) \
	"{\"type\":\"message\",\"id\":\"" id "\",\"sender\":\"bob\",\"senderId\":\"b\"," \
	"\"content\":\"" text "\",\"timestamp\":1}"

/* Writes the `message` that the member's last text becomes. */
static const char *
echo_of(const struct peer *peer, const char *id)
{
	static char line[512];

	snprintf(line, sizeof(line),
		"{\"type\":\"message\",\"id\":\"%s\",\"sender\":\"tester\",\"senderId\":\"t\","
		"\"content\":\"%s\",\"timestamp\":2,\"nonce\":\"%s\"}",
		id, peer->text, peer->nonce);
	return line;
}

/* Answers the Close of the member. */
static void
let_go(struct peer *peer)
{
	expect(hear(peer) == CHAT_TYPE_UNKNOWN);
	say_close(peer, 1000);
}

/* ---- the member, whose events are written as words ---- */

struct run {
	pid_t pid;
	struct chat_member_options options;
	char url[128];
	struct chat_member *member;
	struct chat_buf log;
	int wakes;
};

static void
run_open(struct run *run, scenario *play)
{
	static struct peer peer;
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		abort();
	*run = (struct run){
		.options = {.size = sizeof(run->options), .username = "tester", .id = "t"}};
	snprintf(run->url, sizeof(run->url), "ws://127.0.0.1:%u/", ntohs(address.sin_port));
	run->options.url = run->url;
	fflush(NULL);
	run->pid = fork();
	if (run->pid < 0)
		abort();
	if (run->pid > 0) {
		close(fd);
		return;
	}
	alarm(3 * PATIENCE_MS / 1000);
	peer = (struct peer){.listen_fd = fd, .fd = -1, .pool = chat_ws_pool_new()};
	play(&peer);
	_exit(0);
}

static const char *const words[] = {"nothing", "joined", "message", "other", "gap", "caught-up",
	"accepted", "refused", "unknown", "unsent", "lost", "ended"};

static void
log_event(struct chat_buf *log, const struct chat_event *event)
{
	chat_buf_printf(log, "%s%s", log->len ? ", " : "", words[event->type]);
	if (event->again)
		chat_buf_append_string(log, " again");
	if (event->id)
		chat_buf_printf(log, " %s", event->id);
	if (event->own)
		chat_buf_append_string(log, " own");
	if (event->history)
		chat_buf_append_string(log, " history");
	if (event->tag)
		chat_buf_printf(log, " #%llu", (unsigned long long)event->tag);
	if (event->err.code)
		chat_buf_printf(log, " %s", chat_code_word(event->err.code));
}

/* Opens the member, if it is not open, and logs its events up to the first one of this type. */
static void
run_to(struct run *run, enum chat_event_type type)
{
	int64_t deadline_ms = chat_now_ms() + PATIENCE_MS;
	const struct chat_event *event;
	struct pollfd ready;

	if (!run->member)
		run->member = chat_member_open(&run->options, NULL);
	for (;;) {
		while ((event = chat_member_next(run->member))) {
			log_event(&run->log, event);
			if (event->type == type)
				return;
		}
		ready = (struct pollfd){.fd = chat_member_fd(run->member), .events = POLLIN};
		run->wakes++;
		if (poll(&ready, 1, (int)(deadline_ms - chat_now_ms())) != 1) {
			chat_buf_append_string(&run->log, ", (nothing comes)");
			return;
		}
	}
}

static void
send_text(struct run *run, const char *text, uint64_t tag)
{
	struct chat_err err;

	if (chat_member_send_text(run->member, chat_span_of(text), NULL, tag, &err) < 0)
		printf("# %s: %s\n", text, err.text);
}

/* Checks the events so far, and that the server saw nothing wrong. */
static void
run_close(struct run *run, const char *events, const char *what)
{
	int status;

	chat_buf_append(&run->log, "", 1);
	is_str(run->log.at, events, "%s", what);
	chat_member_free(run->member);
	chat_buf_free(&run->log);
	if (waitpid(run->pid, &status, 0) != run->pid)
		abort();
	is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), 0,
		"%s: as the server saw it", what);
}

/* ---- the good course ---- */

static void
play_course(struct peer *peer)
{
	let_in(peer, "i", MESSAGE("1", "old") "," MESSAGE("2", "older"));
	say(peer, MESSAGE("3", "hello"));
	say(peer,
		"{\"type\":\"userStatus\",\"userId\":\"b\",\"username\":\"bob\",\"status\":"
		"\"offline\"}");
	expect(hear(peer) == CHAT_TYPE_TEXT && strcmp(peer->text, "first") == 0 && *peer->nonce);
	say(peer, "%s", echo_of(peer, "4"));
	expect(hear(peer) == CHAT_TYPE_TEXT && strcmp(peer->text, "second") == 0);
	say(peer,
		"{\"type\":\"error\",\"code\":\"text_too_long\",\"message\":\"no\",\"nonce\":\"%"
		"s\"}",
		peer->nonce);
	expect(hear(peer) == CHAT_TYPE_TEXT && strcmp(peer->text, "third") == 0);
	say(peer, "%s", echo_of(peer, "5"));
	let_go(peer);
}

static void
test_course(void)
{
	struct run run;

	run_open(&run, play_course);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	is_str(chat_member_position(run.member), "2", "the position is that of the last message");
	send_text(&run, "first", 7);
	send_text(&run, "second", 8);
	is_int(chat_member_send(run.member, CHAT_SPAN("{\"text\":\"third\"}"), 9, NULL), 0,
		"a line without its type is taken");
	is_int(chat_member_unsettled(run.member), 3, "three messages have no result yet");
	chat_member_close(run.member, PATIENCE_MS);
	is_int(chat_member_send(run.member, CHAT_SPAN("{\"text\":\"late\"}"), 10, NULL), -1,
		"nothing is taken after that");
	run_to(&run, CHAT_EVENT_ENDED);
	ok(!chat_member_next(run.member), "nothing follows the end");
	is_int(chat_member_unsettled(run.member), 0, "and nothing is left");
	run_close(&run,
		"joined, message 1 history, message 2 history, caught-up, message 3, other, "
		"message 4 own, accepted 4 #7, refused #8 text_too_long, message 5 own, accepted 5 "
		"#9, "
		"ended",
		"the course");
}

/* ---- lost connections ---- */

/* Hears a text and dies; then the history has it. */
static void
play_accepted_unsaid(struct peer *peer)
{
	char history[1024];

	let_in(peer, "i", MESSAGE("1", "old"));
	expect(hear(peer) == CHAT_TYPE_TEXT);
	snprintf(history, sizeof(history), "%s," MESSAGE("3", "missed"), echo_of(peer, "2"));
	close(peer->fd);
	let_in(peer, "i", history);
	expect(strcmp(peer->since, "1") == 0);
	say(peer, MESSAGE("4", "live"));
	let_go(peer); /* nothing is sent again */
}

/* Hears a text and dies; then it has another instance and a history without the text. */
static void
play_forgotten(struct peer *peer)
{
	char nonce[64];

	let_in(peer, "i", MESSAGE("1", "old"));
	expect(hear(peer) == CHAT_TYPE_TEXT);
	strcpy(nonce, peer->nonce);
	shutdown(peer->fd, SHUT_RDWR);
	let_in(peer, "j", "");
	expect(strcmp(peer->since, "1") == 0);
	expect(hear(peer) == CHAT_TYPE_TEXT && strcmp(peer->text, "question") == 0);
	expect(strcmp(nonce, peer->nonce) == 0);
	say(peer, "%s", echo_of(peer, "2"));
	say(peer, "%s", echo_of(peer, "2")); /* it answers twice */
	say(peer, MESSAGE("4", "live"));
	let_go(peer);
}

/* Sends a question, whose connection is lost, and runs until the last message has come. */
static void
run_through_loss(struct run *run)
{
	run_to(run, CHAT_EVENT_CAUGHT_UP);
	send_text(run, "question", 7);
	while (!strstr(run->log.at, "message 4") && !strstr(run->log.at, "(nothing"))
		run_to(run, CHAT_EVENT_MESSAGE), chat_buf_append(&run->log, "", 1), run->log.len--;
	chat_member_close(run->member, PATIENCE_MS);
	run_to(run, CHAT_EVENT_ENDED);
}

static void
test_lost(scenario *play, const char *events, const char *what)
{
	struct run run;

	run_open(&run, play);
	run_through_loss(&run);
	run_close(&run, events, what);
}

/* The first of two servers is not there: the second one is tried at once, also without `wait`. */
static void
test_list(void)
{
	struct run run;
	char live[64];

	run_open(&run, play_accepted_unsaid);
	snprintf(live, sizeof(live), "%.63s", run.url);
	snprintf(run.url, sizeof(run.url), "ws://127.0.0.1:1/,%s", live);
	/* After the loss it goes on with the first one, which is still not there, and comes back.
	 */
	run_through_loss(&run);
	run_close(&run,
		"lost cannot_connect, joined, message 1 history, caught-up, lost connection_lost, "
		"lost cannot_connect, joined again, message 2 own, message 3, accepted 2 #7, "
		"caught-up again, message 4, ended",
		"a list of two servers");
}

static void
play_gap(struct peer *peer)
{
	let_in(peer, "i", MESSAGE("1", "old"));
	close(peer->fd);
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT && strcmp(peer->since, "1") == 0);
	say(peer, "{\"type\":\"userData\",\"users\":[],\"server\":{" FEATURES "}}");
	say(peer,
		"{\"type\":\"history\",\"complete\":false,\"more\":true,\"messages\":[" MESSAGE(
			"7", "a") "]}");
	say(peer,
		"{\"type\":\"history\",\"complete\":true,\"messages\":[" MESSAGE(
			"7", "a") "," MESSAGE("8", "b") "]}");
	let_go(peer);
}

static void
test_gap(void)
{
	struct run run;

	run_open(&run, play_gap);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	is_str(chat_member_position(run.member), "8", "the position has followed");
	chat_member_close(run.member, PATIENCE_MS);
	run_to(&run, CHAT_EVENT_ENDED);
	run_close(&run,
		"joined, message 1 history, caught-up, lost connection_lost, joined again, gap, "
		"message 7, message 8, caught-up again, ended",
		"a gap between two pages and the position");
}

/* Closes with 1013, says when to come back, refuses for good. */
static void
play_later(struct peer *peer)
{
	let_in(peer, "i", "");
	say_close(peer, 1013);
	close(peer->fd);
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT);
	say(peer,
		"{\"type\":\"error\",\"code\":\"server_full\",\"message\":\"later\",\"retryAfter\":"
		"300}");
	close(peer->fd);
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT);
	say(peer,
		"{\"type\":\"error\",\"code\":\"unauthorized\",\"message\":\"who?\",\"fatal\":"
		"true}");
	let_go(peer);
}

static void
test_later(void)
{
	struct run run;
	struct chat_err err;

	run_open(&run, play_later);
	run_to(&run, CHAT_EVENT_LOST);
	send_text(&run, "waits", 1);
	chat_member_close(run.member, PATIENCE_MS);
	run_to(&run, CHAT_EVENT_LOST);
	run_to(&run, CHAT_EVENT_ENDED);
	is_int(chat_member_send_text(run.member, CHAT_SPAN("more"), NULL, 2, &err), -1,
		"nothing is taken at the end");
	is_int(err.code, CHAT_CONNECTION_CLOSED, "because it has ended");
	run_close(&run,
		"joined, caught-up, lost try_later, lost server_full, unsent #1, ended "
		"unauthorized",
		"a server that is full, and then refuses");
}

/* ---- servers that lie ---- */

static void
play_liar(struct peer *peer)
{
	let_in(peer, "i", "");
	expect(hear(peer) == CHAT_TYPE_TEXT);
	say(peer,
		"{\"type\":\"message\",\"id\":\"1\",\"sender\":\"tester\",\"senderId\":\"t\","
		"\"content\":\"another\",\"timestamp\":2,\"nonce\":\"%s\"}",
		peer->nonce);
	/* Somebody else has our nonce; an answer to nothing; a history too late; a new type. */
	say(peer,
		"{\"type\":\"message\",\"id\":\"2\",\"sender\":\"eve\",\"senderId\":\"e\","
		"\"content\":\"question\",\"timestamp\":2,\"nonce\":\"%s\"}",
		peer->nonce);
	say(peer, "{\"type\":\"error\",\"code\":\"internal\",\"message\":\"no\",\"nonce\":\"x\"}");
	say(peer, "{\"type\":\"history\",\"messages\":[" MESSAGE("9", "a") "]}");
	say(peer, "{\"type\":\"news\",\"deep\":[{}]}");
	say(peer, "this is no JSON");
	hear(peer);
}

static void
test_liar(void)
{
	struct run run;

	run_open(&run, play_liar);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	send_text(&run, "question", 7);
	run_to(&run, CHAT_EVENT_ENDED);
	run_close(&run,
		"joined, caught-up, message 1 own, unknown #7 connection_lost, message 2, other, "
		"other, other, ended protocol_error",
		"a server that lies");
}

/* Says one byte at a time; does not answer our text, nor our Close. */
static void
play_slow(struct peer *peer)
{
	peer->piece = 1;
	let_in(peer, "i", MESSAGE("1", "old"));
	expect(hear(peer) == CHAT_TYPE_TEXT);
	expect(hear(peer) == CHAT_TYPE_UNKNOWN);
	hear(peer);
}

static void
test_slow(void)
{
	int64_t since_ms = chat_now_ms();
	struct run run;

	run_open(&run, play_slow);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	send_text(&run, "question", 7);
	chat_member_close(run.member, 100);
	run_to(&run, CHAT_EVENT_ENDED);
	ok(chat_now_ms() - since_ms < PATIENCE_MS / 2, "it ends although nothing answers");
	run_close(&run, "joined, message 1 history, caught-up, unknown #7 connection_lost, ended",
		"a slow server");
}

/* Takes less than we want to say. */
static void
play_small(struct peer *peer)
{
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT);
	say(peer,
		"{\"type\":\"userData\",\"users\":[],\"server\":{" FEATURES
		",\"maxMessage\":100}}");
	say(peer, "{\"type\":\"history\",\"messages\":[]}");
	expect(hear(peer) == CHAT_TYPE_TEXT && strcmp(peer->text, "short") == 0);
	say(peer, "%s", echo_of(peer, "1"));
	let_go(peer);
}

static void
test_small(void)
{
	struct run run;
	char text[200];

	run_open(&run, play_small);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	send_text(&run, text, 1);
	send_text(&run, "short", 2);
	chat_member_close(run.member, PATIENCE_MS);
	run_to(&run, CHAT_EVENT_ENDED);
	run_close(&run,
		"joined, caught-up, refused #1 too_large, message 1 own, accepted 1 #2, ended",
		"a message that is too large for the server");
}

/* The first answer is a message, and there is no history: a plain server. */
static void
play_plain(struct peer *peer)
{
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT);
	say(peer, MESSAGE("1", "hello"));
	expect(hear(peer) == CHAT_TYPE_TEXT && !*peer->nonce);
	say(peer,
		"{\"type\":\"message\",\"id\":\"2\",\"sender\":\"tester\",\"content\":\"%s\","
		"\"timestamp\":2}",
		peer->text);
	hear(peer);
}

static void
test_plain(void)
{
	struct run run;

	run_open(&run, play_plain);
	run_to(&run, CHAT_EVENT_MESSAGE);
	send_text(&run, "mine", 5);
	run_to(&run, CHAT_EVENT_ACCEPTED);
	run_close(&run, "joined, message 1, message 2 own, accepted 2 #5", "a plain server");
}

/* ---- to begin after a message ---- */

/* Knows no `since`: its history is the same for everybody, and does not say what is missing. */
static void
play_old_server(struct peer *peer)
{
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT && *peer->since);
	say(peer, "{\"type\":\"userData\",\"users\":[]}");
	say(peer,
		"{\"type\":\"history\",\"messages\":[" MESSAGE("1", "a") "," MESSAGE(
			"2", "b") "," MESSAGE("3", "c") "]}");
	let_go(peer);
}

static void
test_since(const char *since, const char *events, const char *what)
{
	struct run run;

	run_open(&run, play_old_server);
	run.options.since = since;
	run_to(&run, CHAT_EVENT_MESSAGE);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	is_str(chat_member_position(run.member), "3", "%s: the position has followed", what);
	chat_member_close(run.member, PATIENCE_MS);
	run_to(&run, CHAT_EVENT_ENDED);
	run_close(&run, events, what);
}

/* The channel is empty, and userData has the position. */
static void
play_empty(struct peer *peer)
{
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT);
	say(peer,
		"{\"type\":\"userData\",\"users\":[],\"server\":{" FEATURES ",\"since\":\"e-0\"}}");
	say(peer, "{\"type\":\"history\",\"messages\":[]}");
	close(peer->fd);
	take_connection(peer);
	expect(hear(peer) == CHAT_TYPE_INIT && strcmp(peer->since, "e-0") == 0);
	say(peer,
		"{\"type\":\"userData\",\"users\":[],\"server\":{" FEATURES ",\"since\":\"e-1\"}}");
	say(peer,
		"{\"type\":\"history\",\"complete\":true,\"messages\":[" MESSAGE("e-1", "a") "]}");
	let_go(peer);
}

static void
test_empty(void)
{
	struct run run;

	run_open(&run, play_empty);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	is_str(chat_member_position(run.member), "e-0", "an empty channel has a position");
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	chat_member_close(run.member, PATIENCE_MS);
	run_to(&run, CHAT_EVENT_ENDED);
	run_close(&run,
		"joined, caught-up, lost connection_lost, joined again, message e-1, "
		"caught-up again, ended",
		"the first message of a channel is missed, and comes");
}

/* ---- limits ---- */

/* Hears nothing any more; the next connection says too much. */
static void
play_deaf(struct peer *peer)
{
	char text[3000];
	int deaf;

	let_in(peer, "i", "");
	deaf = peer->fd;
	let_in(peer, "i", "");
	close(deaf);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	say(peer, MESSAGE("1", "%s"), text);
	hear(peer);
}

static void
test_limits(void)
{
	struct run run;

	run_open(&run, play_deaf);
	run.options.dead_after_ms = 200;
	run.options.max_message_bytes = 2000;
	run_to(&run, CHAT_EVENT_ENDED);
	run_close(&run,
		"joined, caught-up, lost connection_lost, joined again, caught-up again, "
		"ended protocol_error",
		"a server that answers no ping, and one that says too much");
}

/* ---- the descriptor ---- */

static void
play_idle(struct peer *peer)
{
	let_in(peer, "i", "");
	expect(hear(peer) == CHAT_TYPE_TEXT);
	close(peer->fd);
	let_in(peer, "i", "");
	expect(hear(peer) == CHAT_TYPE_TEXT);
	say(peer, "%s", echo_of(peer, "1"));
	let_go(peer);
}

static bool
is_ready(const struct chat_member *member)
{
	struct pollfd ready = {.fd = chat_member_fd(member), .events = POLLIN};

	return poll(&ready, 1, 0) == 1;
}

static void
test_descriptor(void)
{
	struct run run;
	int fd;

	run_open(&run, play_idle);
	run_to(&run, CHAT_EVENT_CAUGHT_UP);
	fd = chat_member_fd(run.member);
	while (chat_member_next(run.member))
		;
	ok(!is_ready(run.member), "with nothing to do the descriptor is not ready");
	send_text(&run, "hi", 1);
	ok(is_ready(run.member), "a message to send makes it ready");
	run_to(&run, CHAT_EVENT_ACCEPTED);
	is_int(chat_member_fd(run.member), fd, "another connection, the same descriptor");
	ok(run.wakes < 100, "it was ready only when there was something (%d times)", run.wakes);
	chat_member_close(run.member, PATIENCE_MS);
	ok(is_ready(run.member), "closing makes it ready");
	run_to(&run, CHAT_EVENT_ENDED);
	while (chat_member_next(run.member))
		;
	ok(!is_ready(run.member), "after the end it is never ready");
	run_close(&run,
		"joined, caught-up, lost connection_lost, joined again, caught-up again, "
		"message 1 own, accepted 1 #1, ended",
		"the descriptor");
}

static void
play_cut(struct peer *peer)
{
	struct linger at_once = {1, 0};

	let_in(peer, "i", "");
	setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(peer->fd);
}

/* SIGPIPE has its default action here, which would kill the test. */
static void
test_reset(void)
{
	struct run run;

	run_open(&run, play_cut);
	run.options.retry_for_ms = -1;
	run_to(&run, CHAT_EVENT_JOINED);
	for (uint64_t tag = 1; tag <= 20; tag++)
		send_text(&run, "into a connection that was reset", tag);
	run_to(&run, CHAT_EVENT_ENDED);
	ok(strstr(run.log.at, "#20") && strstr(run.log.at, "ended connection_lost"),
		"each message has a result, and the process lives: %.*s", (int)run.log.len,
		run.log.at);
	run.log.len = 0;
	run_close(&run, "", "a connection that was reset");
}

/* ---- what is taken ---- */

static void
play_nothing(struct peer *peer)
{
	(void)peer;
}

static void
test_options(void)
{
	struct chat_member_options options = {.size = sizeof(options), .username = "tester"};
	struct chat_member *member;
	struct chat_err err;
	struct run run;

	ok(!chat_member_open(&(struct chat_member_options){0}, &err) && err.code == CHAT_USAGE,
		"options without a size: %s", err.text);
	ok(!chat_member_open(&(struct chat_member_options){0}, NULL), "also without an err");
	options.url = "http://localhost/";
	ok(!chat_member_open(&options, &err) && err.code == CHAT_USAGE, "a URL: %s", err.text);
	options.url = "ws://localhost:1/";
	options.url = "ws://localhost:1/,ws://localhost:2/ops";
	ok(!chat_member_open(&options, &err) && err.code == CHAT_USAGE, "URLs: %s", err.text);
	options.url = "ws://localhost:1/";
	options.username = "x";
	ok(!chat_member_open(&options, &err) && err.code == CHAT_USAGE, "a name: %s", err.text);
	options.username = "tester";
	options.window = 65537;
	ok(!chat_member_open(&options, &err) && err.code == CHAT_USAGE, "a window: %s", err.text);
	options.window = 0;
	options.token = "\n";
	ok(!chat_member_open(&options, &err) && err.code == CHAT_USAGE, "a token: %s", err.text);

	/* An older program knows fewer fields; what lies behind them is not read. */
	options.token = NULL;
	options.size = offsetof(struct chat_member_options, retry_for_ms);
	options.window = 65537;
	member = chat_member_open(&options, &err);
	ok(member != NULL, "a smaller structure is taken");
	chat_member_free(member);
	chat_member_free(NULL);

	run_open(&run, play_nothing); /* closes its socket: nobody listens */
	waitpid(run.pid, NULL, 0);
	run.pid = fork();
	if (run.pid == 0)
		_exit(0);
	run_to(&run, CHAT_EVENT_ENDED);
	chat_member_free(run.member);
	run.member = NULL;
	run.options.wait = true;
	run_to(&run, CHAT_EVENT_LOST);
	run_close(&run, "ended cannot_connect, lost cannot_connect", "nobody listens");
}

static void
test_full(void)
{
	struct chat_member_options options = {.size = sizeof(options),
		.url = "ws://127.0.0.1:1/",
		.username = "tester",
		.wait = true};
	struct chat_member *member = chat_member_open(&options, NULL);
	struct chat_err err;
	size_t taken = 0;

	while (chat_member_send_text(member, CHAT_SPAN("hi"), NULL, taken, &err) == 0)
		taken++;
	is_int(taken, 65536, "so many messages wait at most");
	is_int(err.code, CHAT_TRY_LATER, "then: %s", err.text);
	is_int(chat_member_send(member, CHAT_SPAN("{}"), 1, &err), -1, "full comes first");
	chat_member_free(member);

	member = chat_member_open(&options, NULL);
	is_int(chat_member_send(member, CHAT_SPAN("{\"type\":\"text\"}"), 1, &err), -1, "no text");
	is_int(err.code, CHAT_BAD_MESSAGE, "is no message: %s %s", err.field, err.text);
	chat_member_send(member, CHAT_SPAN("{\"type\":\"init\",\"username\":\"abc\",\"id\":\"a\"}"),
		1, &err);
	is_int(err.code, CHAT_ALREADY_INITIALIZED, "init is not taken: %s", err.text);
	is_int(chat_member_send_text(member, CHAT_SPAN("\xff"), NULL, 1, &err), -1, "no UTF-8");
	is_int(chat_member_send_text(member, CHAT_SPAN("a"), "\xff", 1, &err), -1, "nor an id");
	is_int(chat_member_unsettled(member), 0, "nothing of it waits");
	chat_member_free(member);
}

/* ---- threads: each has its own member ---- */

static void
play_crowd(struct peer *peer)
{
	for (int i = 0; i < 4; i++) {
		let_in(peer, "i", "");
		expect(hear(peer) == CHAT_TYPE_TEXT);
		say(peer, "%s", echo_of(peer, "1"));
		let_go(peer);
		close(peer->fd);
	}
}

static void *
be_member(void *arg)
{
	struct run run = *(struct run *)arg;

	run_to(&run, CHAT_EVENT_JOINED);
	send_text(&run, "hi", 1);
	run_to(&run, CHAT_EVENT_ACCEPTED);
	chat_member_close(run.member, PATIENCE_MS);
	run_to(&run, CHAT_EVENT_ENDED);
	chat_member_free(run.member);
	chat_buf_append(&run.log, "", 1);
	return run.log.at;
}

static void
test_threads(void)
{
	pthread_t threads[4];
	void *log;
	struct run run;

	run_open(&run, play_crowd);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, be_member, &run);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &log);
		is_str(log, "joined, caught-up, message 1 own, accepted 1 #1, ended",
			"a member of a thread");
		free(log);
	}
	run_close(&run, "", "members of four threads");
}

int
main(void)
{
	unsetenv("CHAT_TOKEN");
	unsetenv("CHAT_TOKEN_FILE");
	test_course();
	test_lost(play_accepted_unsaid,
		"joined, message 1 history, caught-up, lost connection_lost, joined again, "
		"message 2 own, message 3, accepted 2 #7, caught-up again, message 4, ended",
		"a message that was accepted before the loss");
	test_lost(play_forgotten,
		"joined, message 1 history, caught-up, lost connection_lost, joined again, "
		"caught-up again, message 2 own, accepted 2 #7, message 4, ended",
		"a message that was not");
	test_list();
	test_gap();
	test_later();
	test_liar();
	test_slow();
	test_small();
	test_plain();
	test_since("2", "joined, message 3, caught-up, ended", "since a message that it has");
	test_since("9", "joined, gap, message 1, message 2, message 3, caught-up, ended",
		"since one that it has not");
	test_since("0", "joined, message 1, message 2, message 3, caught-up, ended",
		"since the beginning");
	test_empty();
	test_limits();
	test_descriptor();
	test_reset();
	test_options();
	test_full();
	test_threads();
	return done();
}
