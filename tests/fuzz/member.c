/*
 * Any words from a server, to a member that has sent three texts. Each text has one result, in
 * order; no message comes twice; the end is the last event. The functions chat_transport_* here
 * replace those of lib/wire. Each line of the input is a message of the server, up to a NUL, where
 * the connection breaks; in it @0, @1 and @2 stand for the nonces of our texts.
 */
#include <stdlib.h>
#include <string.h>

#include "chat/json.h"
#include "client/member_private.h"
#include "fuzz.h"
#include "text/buf.h"
#include "text/err.h"
#include "wire/http.h"
#include "wire/transport.h"
#include "wire/ws.h"

#define CONNECTIONS 4
#define TEXTS 3
#define TURNS_MAX 100000 /* calls without an event, after which the member has hung */
#define IDS_MAX 1024 /* messages whose ids are compared */

struct play {
	struct chat_span bytes; /* the input for the connections that follow */
	char nonces[TEXTS][NONCE_SIZE]; /* as they were heard; "": not yet */
	int connections;
	uint64_t ids[IDS_MAX]; /* hashes of the messages told */
	size_t count;
};

/* ---- the transport; it has no argument by which it would know its play ---- */

static _Thread_local struct play *current;

struct chat_transport {
	struct chat_ws ws; /* the receiver of the server */
	struct chat_ws_pool *pool;
	struct chat_buf request, words; /* words: what the server sends */
	size_t told; /* the number of bytes of words that were read */
	struct chat_span lines; /* of the input, not said yet */
	bool answered;
};

struct chat_transport *
chat_transport_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_transport *wire = chat_alloc_zeroed(1, sizeof(*wire));

	(void)url;
	(void)options;
	(void)err;
	current->connections++;
	wire->pool = chat_ws_pool_new();
	return wire;
}

void
chat_transport_free(struct chat_transport *wire)
{
	if (!wire)
		return;
	chat_ws_free(&wire->ws, wire->pool);
	chat_ws_pool_free(wire->pool);
	chat_buf_free(&wire->request);
	chat_buf_free(&wire->words);
	free(wire);
}

int
chat_transport_connect(struct chat_transport *wire, struct chat_err *err)
{
	(void)wire;
	(void)err;
	return 1;
}

/* Takes the part of the input up to the next NUL. */
static void
answer(struct chat_transport *wire, struct chat_span head)
{
	struct chat_span *bytes = &current->bytes;
	const char *end = bytes->len ? memchr(bytes->at, '\0', bytes->len) : NULL;
	size_t len = end ? (size_t)(end - bytes->at) : bytes->len, behind = len + (end != NULL);
	struct chat_http_request request;
	bool bad_version;

	need(chat_http_read_request(&request, head, &bad_version) == 101);
	chat_http_write_accept(&wire->words, request.key);
	wire->lines = (struct chat_span){bytes->at, len};
	*bytes = (struct chat_span){bytes->at + behind, bytes->len - behind};
	wire->answered = true;
}

/* Notes the nonce of a text; a text that is sent again has the same one. */
static void
note_text(const struct chat_msg *msg)
{
	struct chat_span text = chat_json_inside(&msg->value[CHAT_SLOT_TEXT]), nonce;
	int number = text.at[0] - '0';

	need(text.len == 1 && number >= 0 && number < TEXTS);
	if (!chat_msg_has(msg, CHAT_SLOT_NONCE))
		return;
	nonce = chat_json_inside(&msg->value[CHAT_SLOT_NONCE]);
	need(nonce.len < NONCE_SIZE);
	if (*current->nonces[number])
		need(chat_span_equal(nonce, chat_span_of(current->nonces[number])));
	memcpy(current->nonces[number], nonce.at, nonce.len);
}

static void
hear(struct chat_transport *wire, struct chat_span bytes)
{
	static const struct chat_ws_limits limits = {1 << 20, 1};
	enum chat_ws_event event;
	struct chat_span text;
	struct chat_msg msg;

	while ((event = chat_ws_next(&wire->ws, wire->pool, &limits, &bytes, &text)) !=
		CHAT_WS_WANT_MORE) {
		need(event != CHAT_WS_FAILED);
		if (event == CHAT_WS_GOT_PING)
			chat_ws_append(&wire->words, NULL, CHAT_WS_PONG, text);
		if (event != CHAT_WS_MESSAGE)
			continue;
		need(chat_msg_read(&msg, text, CHAT_FROM_CLIENT, NULL) == 0);
		if (msg.type == CHAT_TYPE_TEXT)
			note_text(&msg);
		else
			need(msg.type == CHAT_TYPE_INIT);
	}
}

ssize_t
chat_transport_write(
	struct chat_transport *wire, const char *bytes, size_t len, struct chat_err *err)
{
	size_t scanned = 0, head;

	(void)err;
	if (wire->answered) {
		hear(wire, (struct chat_span){bytes, len});
		return (ssize_t)len;
	}
	chat_buf_append(&wire->request, bytes, len);
	head = chat_http_head_len(chat_buf_span(&wire->request), &scanned);
	if (head)
		answer(wire, chat_buf_span(&wire->request));
	return (ssize_t)len;
}

/* Appends a line with nonces in place of @0, @1 and @2. */
static void
say(struct chat_transport *wire, struct chat_span line)
{
	struct chat_buf text = {0};

	for (size_t i = 0; i < line.len; i++) {
		int number = i + 1 < line.len && line.at[i] == '@' ? line.at[i + 1] - '0' : -1;

		if (number >= 0 && number < TEXTS && *current->nonces[number])
			chat_buf_append_string(&text, current->nonces[number]), i++;
		else
			chat_buf_append(&text, line.at + i, 1);
	}
	chat_ws_append(&wire->words, NULL, CHAT_WS_TEXT, chat_buf_span(&text));
	chat_buf_free(&text);
}

/* Says the next line. Returns false if there is none. */
static bool
say_line(struct chat_transport *wire)
{
	struct chat_span lines = wire->lines;
	const char *end = lines.len ? memchr(lines.at, '\n', lines.len) : NULL;
	size_t len = end ? (size_t)(end - lines.at) : lines.len, behind = len + (end != NULL);

	if (!wire->answered || lines.len == 0)
		return false;
	if (len)
		say(wire, (struct chat_span){lines.at, len});
	wire->lines = (struct chat_span){lines.at + behind, lines.len - behind};
	return true;
}

ssize_t
chat_transport_read(struct chat_transport *wire, char *to, size_t size, struct chat_err *err)
{
	size_t left = wire->words.len - wire->told;

	if (!wire->answered)
		return 0;
	if (left == 0 && !say_line(wire))
		return chat_fail(err, CHAT_CONNECTION_LOST, "the connection broke");
	left = wire->words.len - wire->told;
	left = left < size ? left : size;
	memcpy(to, wire->words.at + wire->told, left);
	wire->told += left;
	return (ssize_t)left;
}

size_t
chat_transport_unsent_bytes(const struct chat_transport *wire)
{
	(void)wire;
	return 0;
}

size_t
chat_transport_poll_fds(
	const struct chat_transport *wire, struct pollfd *fds, size_t max, bool writing)
{
	(void)wire;
	(void)fds;
	(void)max;
	(void)writing;
	return 0;
}

int64_t
chat_transport_wake_ms(const struct chat_transport *wire)
{
	(void)wire;
	return 0;
}

const char *
chat_transport_address(const struct chat_transport *wire)
{
	(void)wire;
	return "";
}

/* ---- the member ---- */

/* No message comes twice. */
static void
check_message(struct play *play, const struct chat_event *event)
{
	uint64_t hash = chat_seen_hash(&event->msg->value[CHAT_SLOT_ID]);

	need(event->id && event->msg->type == CHAT_TYPE_MESSAGE);
	for (size_t i = 0; i < play->count; i++)
		need(play->ids[i] != hash);
	if (play->count < IDS_MAX)
		play->ids[play->count++] = hash;
}

static void
check(struct play *play, const struct chat_event *event, uint64_t *results)
{
	switch (event->type) {
	case CHAT_EVENT_MESSAGE:
		check_message(play, event);
		break;
	case CHAT_EVENT_ACCEPTED:
		need(event->id && *play->nonces[event->tag]);
		need(event->tag == (*results)++);
		break;
	case CHAT_EVENT_REFUSED:
	case CHAT_EVENT_UNKNOWN:
		need(event->err.code != CHAT_OK);
		need(event->tag == (*results)++);
		break;
	case CHAT_EVENT_UNSENT:
		need(event->tag == (*results)++);
		break;
	case CHAT_EVENT_LOST:
		need(event->err.code != CHAT_OK);
		break;
	default:
		break;
	}
	need(!event->text.len || !memchr(event->text.at, '\n', event->text.len));
}

static struct chat_member *
member_open(void)
{
	struct chat_member_options options = {
		.size = sizeof(options), .url = "ws://here/", .username = "alice", .id = "1"};
	struct chat_member *member = chat_member_open(&options, NULL);

	need(member != NULL);
	for (uint64_t tag = 0; tag < TEXTS; tag++)
		need(chat_member_send_text(
			     member, (struct chat_span){&"012"[tag], 1}, NULL, tag, NULL) == 0);
	return member;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play play = {.bytes = {(const char *)data, size}};
	enum chat_event_type last = CHAT_EVENT_LOST;
	const struct chat_event *event;
	struct chat_member *member;
	uint64_t results = 0;
	int turns = 0;

	current = &play;
	member = member_open();
	while (last != CHAT_EVENT_ENDED) {
		event = chat_member_next(member);
		turns = event ? 0 : turns + 1;
		need(turns < TURNS_MAX);
		if (event) {
			last = event->type;
			check(&play, event, &results);
		}
		if (play.connections >= CONNECTIONS)
			chat_member_close(member, 0);
		/* There is no pause before the next connection, and none that the server wants. */
		if (member->membership.state == MEMBERSHIP_WAITING)
			member->membership.deadline_ms = 0;
		member->delivery.outbox.window.pause_until_ms = 0;
	}
	need(results == TEXTS && chat_member_unsettled(member) == 0);
	need(!chat_member_next(member));
	chat_member_free(member);
	return 0;
}
