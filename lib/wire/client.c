/*
 * The client's end of a connection: the handshake, then messages, over the bytes of transport and
 * the frames of ws. One state goes forward only; the caller's poll loop drives it.
 */
#include "chat/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "chat/clock.h"
#include "chat/http.h"
#include "chat/show.h"
#include "chat/transport.h"
#include "chat/ws.h"
#include "wire/answer.h"
#include "wire/idn.h"

#define USER_AGENT "chat-tools/" CHAT_VERSION
#define READ_BYTES 65536
#define PIECE_BYTES 16384
#define READS_MAX 16 /* by one call that has no message to show for them */
#define PONG_QUEUE_BYTES 65536 /* with more than this unsent, a flood of pings is not answered */
#define QUEUE_KEPT_BYTES 65536
#define REFUSAL_MS 1000 /* for the body of an answer that is no upgrade */

enum state { CONNECTING, SHAKING_HANDS, OPEN, ENDED };

struct chat_client {
	struct chat_transport *transport;
	struct chat_ws_pool *pool;
	struct chat_ws ws;
	struct chat_ws_limits limits;
	struct chat_ws_masks masks;
	enum state state;
	bool secure; /* over TLS */
	bool closing; /* our Close is queued: no frame may follow it */
	bool mute; /* sending has failed; what the server said before is still read */
	bool unread; /* open, and there may be something for chat_client_receive already */
	int64_t deadline_ms; /* for being open */
	int64_t received_ms;
	char key[CHAT_HTTP_KEY_LEN + 1];
	size_t scanned; /* of the answer's head */
	size_t refusal_len; /* of the head of an answer that is no upgrade, whose body is awaited */
	enum chat_code refusal_code; /* what it means */
	struct chat_err end; /* once mute or ENDED */
	struct chat_buf queue; /* to be sent, after what is in piece */
	size_t taken; /* bytes of queue that went into piece */
	size_t piece_at, piece_len;
	struct chat_span input; /* of bytes: read, not looked at yet */
	char piece[PIECE_BYTES]; /* being sent: TLS wants to see the same bytes in the same place
				    again */
	char bytes[READ_BYTES];
};

/* The handshake's request is the first thing in the queue. */
static int
queue_request(struct chat_client *client, const struct chat_url *url, struct chat_err *err)
{
	char host_port[sizeof(url->host) + 8], target[sizeof(url->channel) + sizeof(url->query)];

	if (url->port == (url->tls ? 443 : 80))
		snprintf(host_port, sizeof(host_port), "%s", url->host);
	else
		snprintf(host_port, sizeof(host_port), "%s:%u", url->host, url->port);
	snprintf(target, sizeof(target), "%s%s", url->channel, url->query);
	chat_http_make_key(client->key);
	return chat_http_write_request(
		&client->queue, host_port, target, client->key, USER_AGENT, err);
}

struct chat_client *
chat_client_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_client *client = chat_alloc_zeroed(1, sizeof(*client));
	struct chat_url there = *url; /* its host as the network knows it */

	chat_ws_init(&client->ws, CHAT_WS_CLIENT);
	client->pool = chat_ws_pool_new();
	client->limits = (struct chat_ws_limits){options->max_message_bytes, UINT32_MAX};
	client->received_ms = chat_now_ms();
	client->deadline_ms = client->received_ms + options->connect_timeout_ms;
	client->input.at = client->bytes;
	client->secure = url->tls;
	if (chat_idn_to_ascii(there.host, sizeof(there.host), url->host, err) == 0 &&
		queue_request(client, &there, err) == 0)
		client->transport = chat_transport_open(&there, options, err);
	if (client->transport == NULL) {
		chat_client_free(client);
		return NULL;
	}
	return client;
}

void
chat_client_free(struct chat_client *client)
{
	if (client == NULL)
		return;
	chat_transport_free(client->transport);
	chat_ws_free(&client->ws, client->pool);
	chat_ws_pool_free(client->pool);
	chat_buf_free(&client->queue);
	free(client);
}

bool
chat_client_is_open(const struct chat_client *client)
{
	return client->state == OPEN;
}

const char *
chat_client_address(const struct chat_client *client)
{
	return chat_transport_address(client->transport);
}

size_t
chat_client_poll_fds(const struct chat_client *client, struct pollfd *fds, size_t max)
{
	return chat_transport_poll_fds(
		client->transport, fds, max, chat_client_queued_bytes(client) > 0);
}

int64_t
chat_client_wake_ms(const struct chat_client *client)
{
	int64_t wake_ms = chat_transport_wake_ms(client->transport);

	if (client->state == ENDED)
		return INT64_MAX;
	if (client->state == OPEN)
		return client->unread || client->mute ? 0 : INT64_MAX;
	return wake_ms < client->deadline_ms ? wake_ms : client->deadline_ms;
}

int64_t
chat_client_last_received_ms(const struct chat_client *client)
{
	return client->received_ms;
}

size_t
chat_client_queued_bytes(const struct chat_client *client)
{
	return client->queue.len - client->taken + client->piece_len - client->piece_at;
}

size_t
chat_client_unsent_bytes(const struct chat_client *client)
{
	return chat_client_queued_bytes(client) + chat_transport_unsent_bytes(client->transport);
}

/* Ends it; client->end says why. */
static int
end(struct chat_client *client)
{
	client->state = ENDED;
	return -1;
}

static void
drop_queue(struct chat_client *client)
{
	chat_buf_free(&client->queue);
	client->taken = 0;
	client->piece_at = client->piece_len = 0;
}

/* Moves the next bytes of the queue into the piece, which was sent whole. False: there are none. */
static bool
take_piece(struct chat_client *client)
{
	size_t len = client->queue.len - client->taken;

	if (len > PIECE_BYTES)
		len = PIECE_BYTES;
	if (len > 0)
		memcpy(client->piece, client->queue.at + client->taken, len);
	client->taken += len;
	client->piece_at = 0;
	client->piece_len = len;
	if (client->taken == client->queue.len) {
		client->queue.len = client->taken = 0;
		if (client->queue.cap > QUEUE_KEPT_BYTES)
			chat_buf_free(&client->queue);
	} else if (client->taken >= QUEUE_KEPT_BYTES && client->taken >= client->queue.len / 2) {
		chat_buf_drop(&client->queue, client->taken);
		client->taken = 0;
	}
	return len > 0;
}

static int
send_queue(struct chat_client *client)
{
	ssize_t sent;

	while (!client->mute && (client->piece_at < client->piece_len || take_piece(client))) {
		sent = chat_transport_write(client->transport, client->piece + client->piece_at,
			client->piece_len - client->piece_at, &client->end);
		if (sent == 0)
			return 0;
		if (sent < 0) {
			client->mute = true;
			drop_queue(client);
		} else {
			client->piece_at += (size_t)sent;
		}
	}
	return client->mute ? -1 : 0;
}

/* Reads on behind the input, which is at the front of bytes. As chat_transport_read. */
static ssize_t
read_more(struct chat_client *client)
{
	size_t len = client->input.len;
	ssize_t got = chat_transport_read(
		client->transport, client->bytes + len, sizeof(client->bytes) - len, &client->end);

	if (got > 0) {
		client->input = (struct chat_span){client->bytes, len + (size_t)got};
		client->received_ms = chat_now_ms();
	}
	return got;
}

/* Whether the answer begins as HTTP does, as far as it came. */
static bool
is_http(struct chat_span answer)
{
	struct chat_span start = CHAT_SPAN("HTTP/1.");

	if (answer.len < start.len)
		start.len = answer.len;
	return memcmp(answer.at, start.at, start.len) == 0;
}

/* What answers is not HTTP. */
static int
fail_other(struct chat_client *client)
{
	struct chat_buf shown = {0};

	chat_answer_quote(&shown, client->input);
	chat_fail(&client->end, CHAT_PROTOCOL_ERROR, "the server's answer is not HTTP: %.*s",
		(int)shown.len, shown.at);
	chat_buf_free(&shown);
	return -1;
}

/* Says what the server answered in place of an upgrade. */
static int
fail_refused(struct chat_client *client)
{
	struct chat_buf shown = {0};
	size_t len = client->refusal_len;

	chat_answer_describe(&shown, (struct chat_span){client->input.at, len},
		(struct chat_span){client->input.at + len, client->input.len - len});
	chat_fail(&client->end, client->refusal_code, "the server answers %.*s", (int)shown.len,
		shown.at);
	chat_buf_free(&shown);
	return -1;
}

/* An answer that is no upgrade is ended when its body says what there is to say of it. */
static int
await_refusal(struct chat_client *client, size_t len)
{
	int64_t until_ms = chat_now_ms() + REFUSAL_MS;

	if (!client->refusal_len) {
		client->refusal_code = client->end.code;
		client->refusal_len = len;
		if (client->deadline_ms > until_ms)
			client->deadline_ms = until_ms;
	}
	return chat_answer_is_whole((struct chat_span){client->input.at, len},
		       (struct chat_span){client->input.at + len, client->input.len - len})
		? fail_refused(client)
		: 0;
}

/* Looks at the answer: 1 when it opens the connection, 0 when it is not complete. */
static int
read_answer(struct chat_client *client)
{
	size_t len = chat_http_head_len(client->input, &client->scanned);
	int status;

	if (client->refusal_len)
		return await_refusal(client, client->refusal_len);
	if (!is_http(client->input))
		return fail_other(client);
	if (len > CHAT_HTTP_HEAD_MAX || (len == 0 && client->input.len >= CHAT_HTTP_HEAD_MAX))
		return chat_fail(&client->end, CHAT_PROTOCOL_ERROR,
			"the head of the server's answer is too long");
	if (len == 0)
		return 0;
	if (chat_http_read_response((struct chat_span){client->input.at, len}, client->key, &status,
		    &client->end) != 0)
		return status && status != 101 ? await_refusal(client, len) : -1;
	client->input = (struct chat_span){client->input.at + len, client->input.len - len};
	return 1;
}

/* The connection ended in the middle of that. */
static int
end_unanswered(struct chat_client *client)
{
	if (client->refusal_len)
		fail_refused(client);
	else if (client->end.code == CHAT_CONNECTION_LOST && !client->input.len && !client->secure)
		chat_fail(&client->end, CHAT_CANNOT_CONNECT,
			"%s, without an answer (is TLS spoken there, wss:// in place of ws://?)",
			client->end.text);
	else if (client->end.code == CHAT_CONNECTION_LOST)
		client->end.code = CHAT_CANNOT_CONNECT;
	return end(client);
}

static int
shake_hands(struct chat_client *client)
{
	int answer = 0;
	ssize_t got = 0;

	send_queue(client);
	while (answer == 0 && (got = read_more(client)) > 0)
		answer = read_answer(client);
	if (got == 0 && client->mute)
		got = -1;
	if (answer < 0)
		return end(client);
	if (got < 0)
		return end_unanswered(client);
	if (answer > 0) {
		client->state = OPEN;
		client->unread = true;
	}
	return 0;
}

static int
connect_further(struct chat_client *client)
{
	int connected = chat_transport_connect(client->transport, &client->end);

	if (connected < 0)
		return end(client);
	if (connected > 0)
		client->state = SHAKING_HANDS;
	return 0;
}

/* Goes on towards OPEN. 0, or -1 when that cannot be. */
static int
open_further(struct chat_client *client)
{
	if (client->state == CONNECTING && connect_further(client) != 0)
		return -1;
	if (client->state == SHAKING_HANDS && shake_hands(client) != 0)
		return -1;
	if (client->state < OPEN && chat_now_ms() >= client->deadline_ms) {
		if (client->refusal_len)
			return end_unanswered(client);
		chat_fail(&client->end, CHAT_CANNOT_CONNECT, "%s",
			client->state == CONNECTING ? "Connection timed out"
						    : "the server does not answer");
		return end(client);
	}
	return 0;
}

static enum chat_code
code_of_close(uint16_t close_code)
{
	switch (close_code) {
	case 1000:
	case 1005:
		return CHAT_CONNECTION_CLOSED;
	case 1001:
	case 1012:
	case 1013:
		return CHAT_TRY_LATER;
	case 1008:
		return CHAT_REFUSED;
	case 1002:
	case 1003:
	case 1007:
	case 1009:
	case 1010:
		return CHAT_PROTOCOL_ERROR;
	default:
		return CHAT_CONNECTION_LOST;
	}
}

/* Says the last thing that is said; whoever frees the client next has it on its way. */
static void
queue_close(struct chat_client *client, uint16_t close_code, const char *reason)
{
	if (client->closing || client->mute)
		return;
	chat_ws_append_close(&client->queue, &client->masks, close_code, reason);
	client->closing = true;
	send_queue(client);
}

/* A Close came: its code is answered, its reason shown but not sent back. */
static int
end_by_close(struct chat_client *client, struct chat_span reason)
{
	uint16_t close_code = client->ws.close_code;
	struct chat_buf shown = {.limit = 140};

	queue_close(client, close_code == 1005 ? 0 : close_code, NULL);
	chat_show(&shown, reason);
	if (close_code == 1005)
		chat_fail(&client->end, code_of_close(close_code), "the server closed");
	else
		chat_fail(&client->end, code_of_close(close_code),
			"the server closed with %u%s%.*s", close_code, shown.len > 0 ? ": " : "",
			(int)shown.len, shown.len > 0 ? shown.at : "");
	chat_buf_free(&shown);
	return end(client);
}

static int
end_by_failure(struct chat_client *client)
{
	const char *text = chat_ws_failure_text(&client->ws);

	queue_close(client, client->ws.close_code, text);
	chat_fail(&client->end, CHAT_PROTOCOL_ERROR, "the server sent %s", text);
	return end(client);
}

static void
answer_ping(struct chat_client *client, struct chat_span payload)
{
	if (!client->closing && !client->mute &&
		chat_client_queued_bytes(client) <= PONG_QUEUE_BYTES)
		chat_ws_append(&client->queue, &client->masks, CHAT_WS_PONG, payload);
}

/* Nothing is left to read now: sends, and tells of a send that failed some time ago. */
static int
send_or_end(struct chat_client *client)
{
	return send_queue(client) == 0 ? 0 : end(client);
}

/* The next text; 0 also after many reads without one, so that no server keeps the caller here. */
static int
next_message(struct chat_client *client, struct chat_span *text)
{
	struct chat_span payload;
	int reads = 0;
	ssize_t got;

	for (;;) {
		switch (chat_ws_next(
			&client->ws, client->pool, &client->limits, &client->input, &payload)) {
		case CHAT_WS_MESSAGE:
			*text = payload;
			return 1;
		case CHAT_WS_GOT_PING:
			answer_ping(client, payload);
			break;
		case CHAT_WS_GOT_PONG:
			break;
		case CHAT_WS_GOT_CLOSE:
			return end_by_close(client, payload);
		case CHAT_WS_FAILED:
			return end_by_failure(client);
		case CHAT_WS_WANT_MORE:
			got = read_more(client);
			if (got < 0)
				return end(client);
			if (got > 0 && ++reads < READS_MAX)
				break;
			client->unread = got > 0;
			return send_or_end(client);
		}
	}
}

int
chat_client_receive(struct chat_client *client, struct chat_span *text, struct chat_err *err)
{
	int got = -1;

	*text = (struct chat_span){0};
	client->unread = false;
	if (client->state < OPEN)
		got = open_further(client);
	else if (client->state == OPEN)
		got = next_message(client, text);
	client->unread |= got > 0;
	if (got < 0 && err != NULL)
		*err = client->end;
	return got;
}

int
chat_client_send(struct chat_client *client, struct chat_span text, struct chat_err *err)
{
	if (client->state < OPEN)
		return chat_fail(err, CHAT_CANNOT_CONNECT, "not connected yet");
	if (client->closing && client->state == OPEN)
		return chat_fail(err, CHAT_CONNECTION_CLOSED, "the connection is being closed");
	if (client->state == ENDED || client->mute) {
		if (err != NULL)
			*err = client->end;
		return -1;
	}
	chat_ws_append(&client->queue, &client->masks, CHAT_WS_TEXT, text);
	return chat_client_queued_bytes(client) < PIECE_BYTES ? 0 : chat_client_flush(client, err);
}

int
chat_client_flush(struct chat_client *client, struct chat_err *err)
{
	if (client->state == OPEN && send_queue(client) == 0)
		return 0;
	if (client->state < OPEN)
		return 0;
	if (err != NULL)
		*err = client->end;
	return -1;
}

void
chat_client_ping(struct chat_client *client)
{
	if (client->state == OPEN && !client->closing && !client->mute)
		chat_ws_append(&client->queue, &client->masks, CHAT_WS_PING, (struct chat_span){0});
}

void
chat_client_close(struct chat_client *client)
{
	if (client->state == OPEN)
		queue_close(client, 1000, NULL);
}
