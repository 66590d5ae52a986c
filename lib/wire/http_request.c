/*
 * The server's side of the opening handshake (RFC 6455 section 4.2): reads a request and writes the
 * answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/base64.h"
#include "text/span.h"
#include "wire/digest.h"
#include "wire/http.h"
#include "wire/http_head.h"

#define KEY_BYTES 16

/* Keeps the value of an X-Forwarded-For header. If there are too many, drops the first one, because
 * later ones were added by nearer proxies. */
static void
keep_forwarded(struct chat_http_request *request, struct chat_span value)
{
	struct chat_span *kept = request->forwarded_for;

	if (request->forwarded_count == CHAT_HTTP_FORWARDED_MAX)
		memmove(kept, kept + 1, --request->forwarded_count * sizeof(*kept));
	kept[request->forwarded_count++] = value;
}

/* Returns true if a list such as "text/html;q=0.9, *" has this word, with a weight that is not 0.
 */
static bool
accepts(struct chat_span list, const char *word)
{
	while (list.len) {
		struct chat_span element = chat_http_take_until(&list, ',');
		struct chat_span name = chat_span_strip(chat_http_take_until(&element, ';'));

		element = chat_span_strip(element);
		if (chat_http_same_word(name, chat_span_of(word)) &&
			!chat_span_equal(element, CHAT_SPAN("q=0")))
			return true;
	}
	return false;
}

/* The headers of a request for a page. */
static void
note_page(struct chat_http_request *request, const struct chat_http_header *header)
{
	if (chat_http_is_named(header, "Accept"))
		request->accepts_html |= accepts(header->value, "text/html");
	else if (chat_http_is_named(header, "Accept-Encoding"))
		request->accepts_gzip |= accepts(header->value, "gzip");
	else if (chat_http_is_named(header, "If-None-Match"))
		request->if_none_match = header->value;
}

static int
read_request_header(struct chat_http_request *request, struct chat_http_upgrade *upgrade,
	const struct chat_http_header *header)
{
	if (chat_http_is_named(header, "Host"))
		return chat_http_all(header->value, chat_http_is_host_char)
			? chat_http_take_once(&request->host, header)
			: -1;
	if (chat_http_is_named(header, "Sec-WebSocket-Key"))
		return chat_http_take_once(&request->key, header);
	if (chat_http_is_named(header, "Sec-WebSocket-Version"))
		return chat_http_take_once(&upgrade->version, header);
	if (chat_http_is_named(header, "Origin"))
		return chat_http_take_once(&request->origin, header);
	if (chat_http_is_named(header, "User-Agent"))
		return chat_http_take_once(&request->user_agent, header);
	if (chat_http_is_named(header, "Transfer-Encoding"))
		return -1;
	if (chat_http_is_named(header, "Content-Length"))
		return chat_span_equal(header->value, CHAT_SPAN("0")) ? 0 : -1;
	chat_http_note_upgrade(upgrade, header);
	note_page(request, header);
	if (chat_http_is_named(header, "X-Forwarded-For"))
		keep_forwarded(request, header->value);
	return 0;
}

static int
read_request_line(struct chat_http_request *request, struct chat_span line, int *minor)
{
	request->method = chat_http_take_until(&line, ' ');
	request->target = chat_http_take_until(&line, ' ');
	if (request->method.len == 0 || !chat_http_all(request->method, chat_http_is_token_char) ||
		request->target.len == 0 ||
		!chat_http_all(request->target, chat_http_is_target_char))
		return 400;
	return chat_http_read_version(line, minor);
}

/* Returns the part after the scheme of a target in absolute-form; .at is NULL for other forms. */
static struct chat_span
after_scheme(struct chat_span target)
{
	static const char *const schemes[] = {"http://", "https://", "ws://", "wss://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct chat_span scheme = chat_span_of(schemes[i]);
		struct chat_span start = {target.at, scheme.len};

		if (target.len > scheme.len && chat_http_same_word(start, scheme))
			return (struct chat_span){target.at + scheme.len, target.len - scheme.len};
	}
	return (struct chat_span){0};
}

/*
 * Finds the path of a target in origin-form or absolute-form (RFC 9112 section 3.2). The host in an
 * absolute-form replaces the host of the Host header. Returns -1 for other targets.
 */
static int
read_target(struct chat_http_request *request)
{
	struct chat_span rest = request->target;
	struct chat_span absolute = after_scheme(rest);
	size_t host_len = 0;

	if (absolute.at) {
		while (host_len < absolute.len && chat_http_is_host_char(absolute.at[host_len]))
			host_len++;
		if (host_len == 0)
			return -1;
		request->host = (struct chat_span){absolute.at, host_len};
		rest = (struct chat_span){absolute.at + host_len, absolute.len - host_len};
	}
	request->path = chat_http_take_until(&rest, '?');
	if (request->path.len == 0 && absolute.at)
		request->path = CHAT_SPAN("/");
	return request->path.len > 0 && *request->path.at == '/' ? 0 : -1;
}

static bool
is_key(struct chat_span key)
{
	return key.len == CHAT_HTTP_KEY_LEN &&
		chat_base64_check(key.at, key.len) == CHAT_BASE64_VALID &&
		chat_base64_decoded_size(key.at, key.len) == KEY_BYTES;
}

/* Returns the status of the answer to a well-formed GET or HEAD. */
static int
judge_upgrade(const struct chat_http_request *request, const struct chat_http_upgrade *upgrade,
	bool *bad_version)
{
	if (!request->upgrade)
		return 426;
	if (!upgrade->version.at)
		return 400;
	*bad_version = !chat_span_equal(upgrade->version, CHAT_SPAN("13"));
	if (*bad_version)
		return 426;
	return is_key(request->key) ? 101 : 400;
}

int
chat_http_read_request(struct chat_http_request *request, struct chat_span head, bool *bad_version)
{
	struct chat_http_upgrade upgrade = {0};
	struct chat_http_header header;
	struct chat_span line;
	int minor, status, more;

	*request = (struct chat_http_request){0};
	*bad_version = false;
	if (chat_http_take_line(&head, &line) != 0)
		return 400;
	status = read_request_line(request, line, &minor);
	if (status != 0)
		return status;
	while ((more = chat_http_take_header(&head, &header)) == 1) {
		if (read_request_header(request, &upgrade, &header) != 0)
			return 400;
	}
	if (more != 0 || (minor > 0 && !request->host.at))
		return 400;
	request->head = chat_span_equal(request->method, CHAT_SPAN("HEAD"));
	if (!request->head && !chat_span_equal(request->method, CHAT_SPAN("GET")))
		return 405;
	if (read_target(request) != 0)
		return 400;
	request->upgrade = !request->head && minor > 0 && upgrade.websocket && upgrade.connection;
	request->plain = !upgrade.websocket;
	return judge_upgrade(request, &upgrade, bad_version);
}

void
chat_http_accept(char accept[CHAT_HTTP_ACCEPT_LEN + 1], struct chat_span key)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[CHAT_HTTP_KEY_LEN + sizeof(guid)];
	unsigned char digest[CHAT_SHA1_BYTES];
	int len = snprintf(text, sizeof(text), "%.*s%s", (int)key.len, key.at, guid);

	if (len < 0 || (size_t)len >= sizeof(text))
		abort();
	chat_sha1(digest, (struct chat_span){text, (size_t)len});
	accept[chat_base64_encode(accept, digest, sizeof(digest))] = '\0';
}

void
chat_http_write_accept(struct chat_buf *out, struct chat_span key)
{
	char accept[CHAT_HTTP_ACCEPT_LEN + 1];

	chat_http_accept(accept, key);
	chat_buf_printf(out,
		"HTTP/1.1 101 Switching Protocols\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %s\r\n\r\n",
		accept);
}

void
chat_http_write_answer(struct chat_buf *out, int status, const char *extra_headers,
	const char *content_type, struct chat_span body)
{
	chat_buf_printf(out,
		"HTTP/1.1 %d %s\r\n"
		"Connection: close\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"%s\r\n",
		status, chat_http_reason(status), content_type, body.len,
		extra_headers ? extra_headers : "");
	chat_buf_append_span(out, body);
}

void
chat_http_write_refusal(
	struct chat_buf *out, int status, const char *extra_headers, const char *text)
{
	struct chat_buf body = {0};

	chat_buf_printf(&body, "%s\n", text);
	chat_http_write_answer(
		out, status, extra_headers, "text/plain; charset=utf-8", chat_buf_span(&body));
	chat_buf_free(&body);
}

void
chat_http_cut_body(struct chat_buf *answer)
{
	size_t scanned = 0, len = chat_http_head_len(chat_buf_span(answer), &scanned);

	answer->len = len ? len : answer->len;
}
