/*
 * Any bytes from a server, cut anywhere. A client that pauses gets the same events as one that does
 * not, reads nothing while it pauses, polls for what may arrive, and sends what a server can read.
 * The functions chat_transport_* here replace those of lib/wire. Each line of the input is sent as
 * a message, up to a NUL, where the connection breaks. If the first byte cannot begin a line, the
 * input is sent unchanged.
 */
#include <stdlib.h>
#include <string.h>

#include "chat/msg.h"
#include "client/membership.h"
#include "fuzz.h"
#include "text/err.h"
#include "wire/http.h"
#include "wire/transport.h"
#include "wire/ws.h"

#define CONNECTIONS 4
#define TURNS_MAX 100000 /* turns without an event, after which the client has hung */

struct play {
	struct login login;
	struct membership membership;
	struct chat_span bytes; /* the input for the connections that follow */
	uint64_t chance; /* the state of the random numbers; 0: nothing is cut and the client does
			    not pause */
	struct chat_buf log; /* the events that the client got */
};

/* ---- chance ---- */

static size_t
below(struct play *play, size_t bound)
{
	play->chance ^= play->chance << 13;
	play->chance ^= play->chance >> 7;
	play->chance ^= play->chance << 17;
	return (size_t)(play->chance >> 16) % bound;
}

static bool
happens(struct play *play, size_t once_in)
{
	return play->chance && below(play, once_in) == 0;
}

static size_t
cut(struct play *play, size_t len)
{
	if (!play->chance)
		return len;
	len = 1 + below(play, len);
	return happens(play, 2) && len > 4 ? 1 + below(play, 4) : len;
}

static uint64_t
chance_of(const uint8_t *data, size_t size)
{
	uint64_t sum = 14695981039346656037u;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ data[i]) * 1099511628211u;
	return sum | 1;
}

/* ---- the transport ---- */

struct chat_transport {
	struct play *play;
	struct chat_ws ws; /* the receiver of the server */
	struct chat_ws_pool *pool;
	struct chat_buf request, words; /* words: what the server sends */
	size_t told; /* the number of bytes of words that were read */
	bool answered;
	const char *held; /* bytes that were not accepted and must be written again; or NULL */
	size_t held_len;
};

struct chat_transport *
chat_transport_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_transport *wire = chat_alloc_zeroed(1, sizeof(*wire));

	(void)url;
	(void)err;
	wire->play = (struct play *)((char *)options - offsetof(struct play, login.client));
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
	(void)err;
	return !happens(wire->play, 2);
}

/* Appends each line that is not empty as a text message. */
static void
say_lines(struct chat_buf *words, struct chat_span lines)
{
	while (lines.len) {
		const char *end = memchr(lines.at, '\n', lines.len);
		size_t len = end ? (size_t)(end - lines.at) : lines.len,
		       behind = len + (end != NULL);

		if (len)
			chat_ws_append(
				words, NULL, CHAT_WS_TEXT, (struct chat_span){lines.at, len});
		lines = (struct chat_span){lines.at + behind, lines.len - behind};
	}
}

static void
answer(struct chat_transport *wire, struct chat_span head)
{
	struct chat_span *bytes = &wire->play->bytes;
	bool is_raw = bytes->len && (unsigned char)bytes->at[0] >= 0x80, bad_version;
	const char *end = is_raw || !bytes->len ? NULL : memchr(bytes->at, '\0', bytes->len);
	size_t len = end ? (size_t)(end - bytes->at) : bytes->len, behind = len + (end != NULL);
	struct chat_http_request request;

	need(chat_http_read_request(&request, head, &bad_version) == 101);
	chat_http_write_accept(&wire->words, request.key);
	if (is_raw)
		chat_buf_append(&wire->words, bytes->at, len);
	else
		say_lines(&wire->words, (struct chat_span){bytes->at, len});
	*bytes = (struct chat_span){bytes->at + behind, bytes->len - behind};
	wire->answered = true;
}

/* Checks what the client sent: valid frames, and no message but init. */
static void
hear(struct chat_transport *wire, struct chat_span bytes)
{
	static const struct chat_ws_limits limits = {
		.max_message_bytes = 1 << 20, .max_fragments = 1};
	enum chat_ws_event event;
	struct chat_span text;
	struct chat_msg msg;
	struct chat_err err;

	while ((event = chat_ws_next(&wire->ws, wire->pool, &limits, &bytes, &text)) !=
		CHAT_WS_WANT_MORE) {
		need(event != CHAT_WS_FAILED);
		if (event == CHAT_WS_MESSAGE)
			need(chat_msg_read(&msg, text, CHAT_FROM_CLIENT, &err) == 0 &&
				msg.type == CHAT_TYPE_INIT);
	}
}

ssize_t
chat_transport_write(
	struct chat_transport *wire, const char *bytes, size_t len, struct chat_err *err)
{
	size_t scanned = 0, head;

	(void)err;
	need(!wire->held || (wire->held == bytes && wire->held_len <= len));
	wire->held = NULL;
	if (happens(wire->play, 4)) {
		wire->held = bytes;
		wire->held_len = len;
		return 0;
	}
	len = cut(wire->play, len);
	if (wire->answered) {
		hear(wire, (struct chat_span){bytes, len});
		return (ssize_t)len;
	}
	chat_buf_append(&wire->request, bytes, len);
	head = chat_http_head_len(chat_buf_span(&wire->request), &scanned);
	need(head == 0 || head == wire->request.len);
	if (head)
		answer(wire, chat_buf_span(&wire->request));
	return (ssize_t)len;
}

static bool
is_held(const struct membership *membership)
{
	return membership->paused && membership->state == MEMBERSHIP_JOINED;
}

ssize_t
chat_transport_read(struct chat_transport *wire, char *to, size_t size, struct chat_err *err)
{
	size_t left = wire->words.len - wire->told;

	need(!is_held(&wire->play->membership) && size > 0);
	if (!wire->answered || happens(wire->play, 4))
		return 0;
	if (left == 0)
		return chat_fail(err, CHAT_CONNECTION_LOST, "the connection broke");
	left = cut(wire->play, left < size ? left : size);
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
	need(max > 0);
	fds[0] = (struct pollfd){.fd = 0, .events = (short)(POLLIN | (writing ? POLLOUT : 0))};
	return 1;
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

/* ---- the client ---- */

/* Checks what the client polls for: input unless it pauses, and output if it has bytes queued. */
static void
check_waits(struct play *play)
{
	struct membership *membership = &play->membership;
	struct poll_set waits = {0};
	short events = 0;

	chat_poll_set_begin(&waits);
	chat_membership_await(membership, &waits);
	for (size_t i = 0; i < waits.count; i++)
		events |= waits.fds[i].events;
	if (waits.wake_ms > 0) {
		need(is_held(membership) == !(events & POLLIN));
		need(!chat_client_queued_bytes(membership->client) || (events & POLLOUT));
	}
	chat_poll_set_free(&waits);
}

/* Logs an event. Returns false if it was the last. */
static bool
take(struct play *play, const struct membership_event *event, int *connections)
{
	bool ends = event->what == MEMBERSHIP_LOST || event->what == MEMBERSHIP_END;

	chat_buf_printf(&play->log, "%d %d %d ", event->what, event->again, event->complete);
	if (ends)
		chat_buf_printf(&play->log, "%d %s\n", event->err.code, event->err.text);
	if (event->what == MEMBERSHIP_JOIN || event->what == MEMBERSHIP_MESSAGE) {
		need(!memchr(event->text.at ? event->text.at : "", '\n', event->text.len));
		chat_buf_append_span(&play->log, event->text);
		chat_position_note(&play->membership.position, event->msg);
	}
	if (event->what == MEMBERSHIP_LOST) {
		play->membership.deadline_ms = 0; /* no waiting before the next connection */
		return ++*connections < CONNECTIONS;
	}
	return !ends;
}

static struct chat_buf
play_all(struct chat_span bytes, uint64_t chance)
{
	static const struct membership_options options = {.retry_for_ms = -1, .resumes = true};
	struct play play = {.bytes = bytes, .chance = chance};
	struct membership_event event;
	int turns = 0, connections = 0;
	struct chat_url_list urls;
	struct chat_err err;

	play.login.client.connect_timeout_ms = play.login.dead_after_ms = 3600000;
	play.login.client.max_message_bytes = 1 << 20;
	strcpy(play.login.identity.username, "alice");
	strcpy(play.login.identity.id, "1");
	need(chat_url_list_parse(&urls,
		     bytes.len % 4 == 3 ? "ws://here/,ws://there/" : "ws://here/", NULL,
		     &err) == 0);
	chat_membership_open(&play.membership, &play.login, &urls, &options);
	do {
		event = (struct membership_event){0};
		if (play.chance)
			chat_membership_pause(&play.membership, happens(&play, 3));
		chat_membership_next(&play.membership, &event);
		turns = event.what == MEMBERSHIP_NOTHING ? turns + 1 : 0;
		need(turns < TURNS_MAX);
		if (event.what == MEMBERSHIP_NOTHING)
			check_waits(&play);
	} while (event.what == MEMBERSHIP_NOTHING || take(&play, &event, &connections));
	chat_buf_printf(&play.log, "%s %s", chat_position_id(&play.membership.position),
		play.membership.identity.id);
	chat_membership_free(&play.membership);
	chat_url_list_free(&urls);
	return play.log;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span bytes = {(const char *)data, size};
	struct chat_buf straight = play_all(bytes, 0);
	struct chat_buf cut_up = play_all(bytes, chance_of(data, size));

	need(chat_span_equal(chat_buf_span(&straight), chat_buf_span(&cut_up)));
	chat_buf_free(&straight);
	chat_buf_free(&cut_up);
	return 0;
}
