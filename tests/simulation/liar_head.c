/* The answers of a lying server to the head of a request. */
#include <string.h>

#include "simulation/liar_private.h"
#include "wire/http.h"

static const char *const answers[] = {
	"HTTP/1.1 301 Moved Permanently\r\nLocation: http://localhost:3003/\r\n\r\n",
	"HTTP/1.1 302 Found\r\nLocation: ws://localhost:3001/\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 307 Temporary Redirect\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 400 Bad Request\r\n\r\n",
	"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
	"HTTP/1.1 403 Forbidden\r\nContent-Length: "
	"40\r\n\r\n{\"type\":\"error\",\"code\":\"unauthorized\"}\r\n",
	"HTTP/1.1 404 Not Found\r\n\r\n",
	"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 12\r\n\r\n",
	"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n\r\n",
	"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 99999999999999999999\r\n\r\n",
	"HTTP/1.1 503 Service Unavailable\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n",
	"HTTP/1.1 503 Service Unavailable\r\nRetry-After: -3\r\n\r\n",
	"HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
	"HTTP/1.1 101 Switching Protocols\r\n\r\n",
	"HTTP/1.1 999 \xff\xfe\r\n\r\n",
	"HTTP/1.1\r\n\r\n",
	"220 mail.example.org ESMTP\r\n",
	"\r\n\r\n\r\n\r\n",
	"HTTP/1.1 101 Switching Pro",
	"",
};

/* The bytes of a head that does not end. */
static void
put_endless(struct lie *lie)
{
	static const char line[] =
		"X-Padding: ################################################\r\n";

	lie_printf(lie, "HTTP/1.1 101 Switching Protocols\r\n");
	for (uint64_t lines = lie_below(1500); lines > 0; lines--)
		lie_put(lie, line, sizeof(line) - 1);
	lie->stage = LIE_OVER;
}

/* The answer that a client waits for, or one that is wrong at one place. */
static void
put_upgrade(struct lie *lie, struct chat_span key, uint64_t wrong)
{
	char accept[CHAT_HTTP_ACCEPT_LEN + 1];

	chat_http_accept(accept, key);
	if (wrong == 1)
		accept[lie_below(CHAT_HTTP_ACCEPT_LEN)] ^= 1;
	lie_printf(lie, "HTTP/1.1 101 Switching Protocols\r\n");
	lie_printf(lie, "%s", wrong == 2 ? "" : "Upgrade: websocket\r\n");
	lie_printf(lie, "%s", wrong == 3 ? "" : "Connection: Upgrade\r\n");
	lie_printf(lie, "Sec-WebSocket-Accept: %s\r\n", accept);
	if (wrong == 4)
		lie_printf(lie, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
	if (wrong == 5)
		lie_printf(lie, "Sec-WebSocket-Protocol: chat\r\n");
	if (wrong == 6)
		lie_printf(lie, "Sec-WebSocket-Accept: %s\r\n", accept);
	lie_printf(lie, "\r\n");
	lie->stage = LIE_INIT;
	if (wrong == 7)
		lie_say(lie); /* before it is asked anything */
}

void
lie_answer_head(struct lie *lie)
{
	static const char name[] = "Sec-WebSocket-Key: ";
	const char *end = memmem(lie->in, lie->in_len, "\r\n\r\n", 4), *key;
	struct chat_span value;

	if (!end)
		return;
	key = memmem(lie->in, (size_t)(end - lie->in), name, sizeof(name) - 1);
	value.at = key ? key + sizeof(name) - 1 : end;
	value.len = (size_t)((const char *)memchr(value.at, '\r', 26) - value.at);
	if (!lie_lies(lie) || lie_below(2)) {
		put_upgrade(lie, value, 0);
	} else if (lie_below(2)) {
		put_upgrade(lie, value, 1 + lie_below(7));
	} else if (lie_below(8) == 0) {
		put_endless(lie);
	} else {
		const char *text = answers[lie_below(sizeof(answers) / sizeof(*answers))];

		lie_put(lie, text, strlen(text));
		lie->stage = LIE_OVER;
	}
	lie_take(lie, (size_t)(end + 4 - lie->in));
}
