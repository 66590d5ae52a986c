/*
 * The client's side of the opening handshake (RFC 6455 section 4.1): writes the request and checks
 * the server's response. client_handshake.c calls it.
 */
#include <string.h>

#include "chat/base64.h"
#include "text/ascii.h"
#include "text/err.h"
#include "wire/http.h"
#include "wire/http_head.h"
#include "wire/random.h"

#define KEY_BYTES 16

void
chat_http_make_key(char key[CHAT_HTTP_KEY_LEN + 1])
{
	unsigned char bytes[KEY_BYTES];

	chat_random(bytes, sizeof(bytes));
	key[chat_base64_encode(key, bytes, sizeof(bytes))] = '\0';
}

int
chat_http_write_request(struct chat_buf *out, const char *host_port, const char *target,
	const char *key, const char *user_agent, struct chat_err *err)
{
	struct chat_span agent = chat_span_of(user_agent);

	if (!chat_http_all(chat_span_of(host_port), chat_http_is_host_char))
		return chat_fail(err, CHAT_USAGE, "a host with a character that none may hold");
	if (*target != '/' || !chat_http_all(chat_span_of(target), chat_http_is_target_char))
		return chat_fail(err, CHAT_USAGE, "a path with a character that none may hold");
	if (!chat_http_all(agent, chat_http_is_value_char))
		return chat_fail(err, CHAT_USAGE, "a user agent with a control character");
	return chat_buf_printf(out,
		"GET %s HTTP/1.1\r\n"
		"Host: %s\r\n"
		"User-Agent: %s\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Key: %s\r\n"
		"Sec-WebSocket-Version: 13\r\n\r\n",
		target, host_port, user_agent, key);
}

/* Returns the status of a line such as "HTTP/1.1 101 Switching Protocols", or 0 if it is not a
 * status line of HTTP/1.x. */
static int
read_status_line(struct chat_span line)
{
	struct chat_span version = chat_http_take_until(&line, ' ');
	struct chat_span status = chat_http_take_until(&line, ' ');
	int minor;

	if (chat_http_read_version(version, &minor) != 0 || status.len != 3 ||
		!chat_http_all(status, chat_is_digit) || status.at[0] == '0' ||
		!chat_http_all(line, chat_http_is_value_char))
		return 0;
	return (status.at[0] - '0') * 100 + (status.at[1] - '0') * 10 + (status.at[2] - '0');
}

static int
fail_status(int status, struct chat_err *err)
{
	enum chat_code code = CHAT_PROTOCOL_ERROR;

	if (status == 401 || status == 403)
		code = CHAT_REFUSED;
	if (status == 408 || status == 429 || status == 503)
		code = CHAT_TRY_LATER;
	return chat_fail(err, code, "the server answers %d%s%s", status,
		*chat_http_reason(status) == '\0' ? "" : " ", chat_http_reason(status));
}

/* Checks the headers of a 101. */
static int
check_accept(struct chat_span head, const char *key, struct chat_err *err)
{
	char expected[CHAT_HTTP_ACCEPT_LEN + 1];
	struct chat_span accept = {0};
	struct chat_http_upgrade upgrade = {0};
	struct chat_http_header header;
	int more;

	while ((more = chat_http_take_header(&head, &header)) == 1) {
		chat_http_note_upgrade(&upgrade, &header);
		if (chat_http_is_named(&header, "Sec-WebSocket-Accept") &&
			chat_http_take_once(&accept, &header) != 0)
			return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server accepts twice");
		if (chat_http_is_named(&header, "Sec-WebSocket-Extensions") ||
			chat_http_is_named(&header, "Sec-WebSocket-Protocol"))
			return chat_fail(err, CHAT_PROTOCOL_ERROR,
				"the server chose an extension or a subprotocol unasked");
	}
	if (more != 0)
		return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server's answer is malformed");
	if (!upgrade.websocket || !upgrade.connection)
		return chat_fail(
			err, CHAT_PROTOCOL_ERROR, "the server switches to another protocol");
	chat_http_accept(expected, chat_span_of(key));
	if (!chat_span_equal(accept, chat_span_of(expected)))
		return chat_fail(err, CHAT_PROTOCOL_ERROR,
			"the server's Sec-WebSocket-Accept does not fit the request");
	return 0;
}

int
chat_http_read_response(struct chat_span head, const char *key, int *status, struct chat_err *err)
{
	struct chat_span line;

	*status = 0;
	if (chat_http_take_line(&head, &line) == 0)
		*status = read_status_line(line);
	if (*status == 0)
		return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server's answer is not HTTP");
	if (*status != 101)
		return fail_status(*status, err);
	return check_accept(head, key, err);
}
