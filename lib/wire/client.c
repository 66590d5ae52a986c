/*
 * The open connection of a client: receives messages, sends frames, and ends. Uses transport.c for
 * bytes, ws.c and ws_send.c for frames, and client_handshake.c to open the connection. The caller's
 * poll loop calls it.
 */
#include "wire/client.h"

#include <stdlib.h>
#include <string.h>

#include "text/clock.h"
#include "text/err.h"
#include "text/show.h"
#include "wire/client_private.h"
#include "wire/idn.h"

#define PONG_QUEUE_BYTES 65536 /* pings are not answered if more bytes are queued */
#define QUEUE_KEPT_BYTES 65536 /* if the queue is empty, more memory than this is freed */
#define READS_MAX 16 /* reads without a message in one call of chat_client_receive */

struct chat_client *
chat_client_open(
	const struct chat_url *url, const struct chat_client_options *options, struct chat_err *err)
{
	struct chat_client *client = chat_alloc_zeroed(1, sizeof(*client));
	struct chat_url there = *url; /* the URL with its host in ASCII */

	chat_ws_init(&client->ws, CHAT_WS_CLIENT);
	client->pool = chat_ws_pool_new();
	client->limits =
		(struct chat_ws_limits){options->max_message_bytes, UINT32_MAX, options->binary};
	client->received_ms = chat_now_ms();
	client->deadline_ms = client->received_ms + options->connect_timeout_ms;
	client->input.at = client->bytes;
	client->secure = url->tls;
	if (chat_idn_to_ascii(there.host, sizeof(there.host), url->host, err) == 0 &&
		chat_client_queue_request(client, &there, err) == 0)
		client->transport = chat_transport_open(&there, options, err);
	if (!client->transport) {
		chat_client_free(client);
		return NULL;
	}
	return client;
}

void
chat_client_free(struct chat_client *client)
{
	if (!client)
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
	return client->state == CHAT_CLIENT_OPEN;
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

	if (client->state == CHAT_CLIENT_ENDED)
		return INT64_MAX;
	if (client->state == CHAT_CLIENT_OPEN)
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

int
chat_client_end(struct chat_client *client)
{
	client->state = CHAT_CLIENT_ENDED;
	return -1;
}

static void
drop_queue(struct chat_client *client)
{
	chat_buf_free(&client->queue);
	client->taken = 0;
	client->piece_at = client->piece_len = 0;
}

/* Copies the next bytes of the queue into the piece, which must have been sent completely. Returns
 * false if the queue is empty. */
static bool
take_piece(struct chat_client *client)
{
	size_t len = client->queue.len - client->taken;

	if (len > CHAT_CLIENT_PIECE_BYTES)
		len = CHAT_CLIENT_PIECE_BYTES;
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

int
chat_client_send_queue(struct chat_client *client)
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

ssize_t
chat_client_read(struct chat_client *client)
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

/* Queues a Close and sends as much as possible, because the caller may then free the client. */
static void
queue_close(struct chat_client *client, uint16_t close_code, const char *reason)
{
	if (client->closing || client->mute)
		return;
	chat_ws_append_close(&client->queue, &client->masks, close_code, reason);
	client->closing = true;
	chat_client_send_queue(client);
}

/* Ends the connection after the server's Close. Answers with the same code, without its reason. */
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
	return chat_client_end(client);
}

static int
end_by_failure(struct chat_client *client)
{
	const char *text = chat_ws_failure_text(&client->ws);

	queue_close(client, client->ws.close_code, text);
	chat_fail(&client->end, CHAT_PROTOCOL_ERROR, "the server sent %s", text);
	return chat_client_end(client);
}

static void
answer_ping(struct chat_client *client, struct chat_span payload)
{
	if (!client->closing && !client->mute &&
		chat_client_queued_bytes(client) <= PONG_QUEUE_BYTES)
		chat_ws_append(&client->queue, &client->masks, CHAT_WS_PONG, payload);
}

/* The payload of our pings is their number. */
static void
note_pong(struct chat_client *client, struct chat_span payload)
{
	uint32_t number;

	if (payload.len != sizeof(number))
		return;
	memcpy(&number, payload.at, sizeof(number));
	if (number <= client->pings && number > client->ponged)
		client->ponged = number;
}

/* Sends the queue. Returns 0; or ends the connection and returns -1 if sending has failed. Must be
 * called only if no message is left to read. */
static int
send_or_end(struct chat_client *client)
{
	return chat_client_send_queue(client) == 0 ? 0 : chat_client_end(client);
}

/* Returns as chat_client_receive. Also returns 0 after READS_MAX reads without a message, so that a
 * server cannot keep the caller here. */
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
		case CHAT_WS_GOT_BINARY:
			*text = payload;
			return 2;
		case CHAT_WS_GOT_PING:
			answer_ping(client, payload);
			break;
		case CHAT_WS_GOT_PONG:
			note_pong(client, payload);
			break;
		case CHAT_WS_GOT_CLOSE:
			return end_by_close(client, payload);
		case CHAT_WS_FAILED:
			return end_by_failure(client);
		case CHAT_WS_WANT_MORE:
			got = chat_client_read(client);
			if (got < 0)
				return chat_client_end(client);
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
	if (client->state < CHAT_CLIENT_OPEN)
		got = chat_client_go_on_opening(client);
	else if (client->state == CHAT_CLIENT_OPEN)
		got = next_message(client, text);
	client->unread |= got > 0;
	if (got < 0 && err)
		*err = client->end;
	return got;
}

static int
send_data(struct chat_client *client, enum chat_ws_opcode opcode, struct chat_span payload,
	struct chat_err *err)
{
	if (client->state < CHAT_CLIENT_OPEN)
		return chat_fail(err, CHAT_CANNOT_CONNECT, "not connected yet");
	if (client->closing && client->state == CHAT_CLIENT_OPEN)
		return chat_fail(err, CHAT_CONNECTION_CLOSED, "the connection is being closed");
	if (client->state == CHAT_CLIENT_ENDED || client->mute) {
		if (err)
			*err = client->end;
		return -1;
	}
	chat_ws_append(&client->queue, &client->masks, opcode, payload);
	return chat_client_queued_bytes(client) < CHAT_CLIENT_PIECE_BYTES
		? 0
		: chat_client_flush(client, err);
}

int
chat_client_send(struct chat_client *client, struct chat_span text, struct chat_err *err)
{
	return send_data(client, CHAT_WS_TEXT, text, err);
}

int
chat_client_send_binary(struct chat_client *client, struct chat_span payload, struct chat_err *err)
{
	return send_data(client, CHAT_WS_BINARY, payload, err);
}

int
chat_client_flush(struct chat_client *client, struct chat_err *err)
{
	if (client->state == CHAT_CLIENT_OPEN && chat_client_send_queue(client) == 0)
		return 0;
	if (client->state < CHAT_CLIENT_OPEN)
		return 0;
	if (err)
		*err = client->end;
	return -1;
}

uint32_t
chat_client_ping(struct chat_client *client)
{
	struct chat_span payload = {(const char *)&client->pings, sizeof(client->pings)};

	if (client->state != CHAT_CLIENT_OPEN || client->closing || client->mute)
		return 0;
	client->pings++;
	chat_ws_append(&client->queue, &client->masks, CHAT_WS_PING, payload);
	return client->pings;
}

bool
chat_client_has_pong(const struct chat_client *client, uint32_t ping)
{
	return client->ponged >= ping;
}

void
chat_client_close(struct chat_client *client)
{
	if (client->state == CHAT_CLIENT_OPEN)
		queue_close(client, 1000, NULL);
}
