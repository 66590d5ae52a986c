/*
 * Opens the connection of a client: connects (transport.c), sends the request and reads the answer
 * (http_response.c). If the answer is a refusal, refusal.c describes it. client.c calls this until
 * the connection is open.
 */
#include <stdio.h>
#include <string.h>

#include "text/clock.h"
#include "text/err.h"
#include "text/show.h"
#include "wire/client_private.h"
#include "wire/refusal.h"

#define USER_AGENT "chat-tools/" CHAT_VERSION
#define REFUSAL_MS 1000 /* the longest wait for the body of a refusal */

int
chat_client_queue_request(
	struct chat_client *client, const struct chat_url *url, struct chat_err *err)
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

/* Returns true if the answer so far can be HTTP. */
static bool
is_http(struct chat_span answer)
{
	struct chat_span start = CHAT_SPAN("HTTP/1.");

	if (answer.len < start.len)
		start.len = answer.len;
	return memcmp(answer.at, start.at, start.len) == 0;
}

/* Fails because the answer is not HTTP. */
static int
fail_other(struct chat_client *client)
{
	struct chat_buf shown = {0};

	chat_refusal_quote(&shown, client->input);
	chat_fail(&client->end, CHAT_PROTOCOL_ERROR, "the server's answer is not HTTP: %.*s",
		(int)shown.len, shown.at);
	chat_buf_free(&shown);
	return -1;
}

/* Fails with a description of the refusal. */
static int
fail_refused(struct chat_client *client)
{
	struct chat_buf shown = {0};
	size_t len = client->refusal_len;

	chat_refusal_describe(&shown, (struct chat_span){client->input.at, len},
		(struct chat_span){client->input.at + len, client->input.len - len});
	chat_fail(&client->end, client->refusal_code, "the server answers %.*s", (int)shown.len,
		shown.at);
	chat_buf_free(&shown);
	return -1;
}

/*
 * Waits for the body of a refusal, which may give the reason. Returns 0 while it is incomplete,
 * then fails. The first call moves the deadline to at most REFUSAL_MS from now; the caller fails
 * then.
 */
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
	return chat_refusal_is_whole((struct chat_span){client->input.at, len},
		       (struct chat_span){client->input.at + len, client->input.len - len})
		? fail_refused(client)
		: 0;
}

/* Reads the answer. Returns 1 if it opens the connection, 0 if it is not complete, -1 if it failed.
 */
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

/* Ends because the connection was lost, or the time was over, during the handshake. */
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
	return chat_client_end(client);
}

static int
shake_hands(struct chat_client *client)
{
	int answer = 0;
	ssize_t got = 0;

	chat_client_send_queue(client);
	while (answer == 0 && (got = chat_client_read(client)) > 0)
		answer = read_answer(client);
	if (got == 0 && client->mute)
		got = -1;
	if (answer < 0)
		return chat_client_end(client);
	if (got < 0)
		return end_unanswered(client);
	if (answer > 0) {
		client->state = CHAT_CLIENT_OPEN;
		client->unread = true;
	}
	return 0;
}

static int
connect_further(struct chat_client *client)
{
	int connected = chat_transport_connect(client->transport, &client->end);

	if (connected < 0)
		return chat_client_end(client);
	if (connected > 0)
		client->state = CHAT_CLIENT_HANDSHAKE;
	return 0;
}

int
chat_client_go_on_opening(struct chat_client *client)
{
	if (client->state == CHAT_CLIENT_CONNECTING && connect_further(client) != 0)
		return -1;
	if (client->state == CHAT_CLIENT_HANDSHAKE && shake_hands(client) != 0)
		return -1;
	if (client->state < CHAT_CLIENT_OPEN && chat_now_ms() >= client->deadline_ms) {
		if (client->refusal_len)
			return end_unanswered(client);
		chat_fail(&client->end, CHAT_CANNOT_CONNECT, "%s",
			client->state == CHAT_CLIENT_CONNECTING ? "Connection timed out"
								: "the server does not answer");
		return chat_client_end(client);
	}
	return 0;
}
