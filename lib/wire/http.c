/*
 * The opening handshake (RFC 6455 section 4) as functions on bytes: conn and client move the bytes.
 * Strict where leniency has let requests be smuggled past proxies (RFC 9112): lines end with CRLF,
 * names are tokens, nothing is folded, what must be once is once.
 */
#include "chat/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "chat/base64.h"
#include "wire/digest.h"

#define KEY_BYTES 16

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{101, "Switching Protocols"},
	{200, "OK"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{407, "Proxy Authentication Required"},
	{408, "Request Timeout"},
	{426, "Upgrade Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

struct header {
	struct chat_span name, value;
};

size_t
chat_http_head_len(struct chat_span bytes, size_t *scanned)
{
	size_t from = *scanned < 3 ? 0 : *scanned - 3; /* the end may have begun before */
	const char *end = NULL;

	if (bytes.len > from)
		end = memmem(bytes.at + from, bytes.len - from, "\r\n\r\n", 4);
	*scanned = bytes.len;
	return end == NULL ? 0 : (size_t)(end - bytes.at) + 4;
}

const char *
chat_http_reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "";
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Of a token (RFC 9110 section 5.6.2). */
static bool
is_token_char(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_host_char(char c)
{
	return is_alnum(c) || (c != '\0' && strchr("-._~!$&'()*+,;=%:[]", c) != NULL);
}

static bool
is_target_char(char c)
{
	return c > ' ' && c < 0x7f && c != '#';
}

/* Of a header's value: anything visible, and bytes above ASCII. */
static bool
is_value_char(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static bool
all(struct chat_span text, bool is(char))
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is(text.at[i]))
			return false;
	}
	return true;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether two words are the same but for the case of ASCII letters, whatever the locale. */
static bool
same_word(struct chat_span a, struct chat_span b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	while (i < a.len && lower(a.at[i]) == lower(b.at[i]))
		i++;
	return i == a.len;
}

/* Takes what lies before the first separator off the front; all of it where there is none. */
static struct chat_span
take_until(struct chat_span *text, char separator)
{
	const char *end = text->len == 0 ? NULL : memchr(text->at, separator, text->len);
	struct chat_span before = {text->at, end == NULL ? text->len : (size_t)(end - text->at)};
	size_t taken = before.len + (end != NULL);

	text->at += taken;
	text->len -= taken;
	return before;
}

static struct chat_span
trim(struct chat_span text)
{
	while (text.len > 0 && (*text.at == ' ' || *text.at == '\t')) {
		text.at++;
		text.len--;
	}
	while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
		text.len--;
	return text;
}

/* Whether a comma-separated list has this word. */
static bool
list_has(struct chat_span list, struct chat_span word)
{
	while (list.len > 0) {
		if (same_word(trim(take_until(&list, ',')), word))
			return true;
	}
	return false;
}

/* Takes a line off the front of a head, without its CRLF. -1 where it ends otherwise. */
static int
take_line(struct chat_span *head, struct chat_span *line)
{
	bool ended = head->len > 0 && memchr(head->at, '\n', head->len) != NULL;

	*line = take_until(head, '\n');
	if (!ended || line->len == 0 || line->at[line->len - 1] != '\r')
		return -1;
	line->len--;
	return 0;
}

/* The next header line: 1, 0 at the empty line that ends the head, -1 where it is malformed. */
static int
take_header(struct chat_span *head, struct header *header)
{
	struct chat_span line;

	if (take_line(head, &line) != 0)
		return -1;
	if (line.len == 0)
		return head->len == 0 ? 0 : -1;
	if (memchr(line.at, ':', line.len) == NULL)
		return -1;
	header->name = take_until(&line, ':');
	header->value = trim(line);
	if (header->name.len == 0 || !all(header->name, is_token_char) ||
		!all(header->value, is_value_char))
		return -1;
	return 1;
}

static bool
named(const struct header *header, const char *name)
{
	return same_word(header->name, chat_span_of(name));
}

/* A value that may be there once: -1 the second time. */
static int
take_once(struct chat_span *into, const struct header *header)
{
	if (into->at != NULL)
		return -1;
	*into = header->value;
	return 0;
}

/* What the headers of a request say beside what the caller gets. */
struct upgrade {
	bool websocket, connection;
	struct chat_span version, body;
};

/* Who wrote one later is nearer to us, so that the first ones can be done without. */
static void
keep_forwarded(struct chat_http_request *request, struct chat_span value)
{
	struct chat_span *kept = request->forwarded_for;

	if (request->forwarded_count == CHAT_HTTP_FORWARDED_MAX)
		memmove(kept, kept + 1, --request->forwarded_count * sizeof(*kept));
	kept[request->forwarded_count++] = value;
}

static int
read_request_header(
	struct chat_http_request *request, struct upgrade *upgrade, const struct header *header)
{
	if (named(header, "Host"))
		return all(header->value, is_host_char) ? take_once(&request->host, header) : -1;
	if (named(header, "Sec-WebSocket-Key"))
		return take_once(&request->key, header);
	if (named(header, "Sec-WebSocket-Version"))
		return take_once(&upgrade->version, header);
	if (named(header, "Origin"))
		return take_once(&request->origin, header);
	if (named(header, "User-Agent"))
		return take_once(&request->user_agent, header);
	if (named(header, "Transfer-Encoding"))
		return -1;
	if (named(header, "Content-Length"))
		return chat_span_equal(header->value, CHAT_SPAN("0")) ? 0 : -1;
	if (named(header, "Upgrade"))
		upgrade->websocket |= list_has(header->value, CHAT_SPAN("websocket"));
	if (named(header, "Connection"))
		upgrade->connection |= list_has(header->value, CHAT_SPAN("upgrade"));
	if (named(header, "X-Forwarded-For"))
		keep_forwarded(request, header->value);
	return 0;
}

/* "HTTP/1.1": 0 and the minor version; 505 for another major one; 400. */
static int
read_version(struct chat_span version, int *minor)
{
	if (version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 || version.at[6] != '.' ||
		!is_digit(version.at[5]) || !is_digit(version.at[7]))
		return 400;
	*minor = version.at[7] - '0';
	return version.at[5] == '1' ? 0 : 505;
}

static int
read_request_line(struct chat_http_request *request, struct chat_span line, int *minor)
{
	request->method = take_until(&line, ' ');
	request->target = take_until(&line, ' ');
	if (request->method.len == 0 || !all(request->method, is_token_char) ||
		request->target.len == 0 || !all(request->target, is_target_char))
		return 400;
	return read_version(line, minor);
}

/* What follows the scheme of an absolute-form target; at NULL for another form. */
static struct chat_span
after_scheme(struct chat_span target)
{
	static const char *const schemes[] = {"http://", "https://", "ws://", "wss://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct chat_span scheme = chat_span_of(schemes[i]);
		struct chat_span start = {target.at, scheme.len};

		if (target.len > scheme.len && same_word(start, scheme))
			return (struct chat_span){target.at + scheme.len, target.len - scheme.len};
	}
	return (struct chat_span){0};
}

/* The path of a target in origin-form or absolute-form (RFC 9112 section 3.2), whose host wins. */
static int
read_target(struct chat_http_request *request)
{
	struct chat_span rest = request->target;
	struct chat_span absolute = after_scheme(rest);
	size_t host_len = 0;

	if (absolute.at != NULL) {
		while (host_len < absolute.len && is_host_char(absolute.at[host_len]))
			host_len++;
		if (host_len == 0)
			return -1;
		request->host = (struct chat_span){absolute.at, host_len};
		rest = (struct chat_span){absolute.at + host_len, absolute.len - host_len};
	}
	request->path = take_until(&rest, '?');
	if (request->path.len == 0 && absolute.at != NULL)
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

/* What to answer to a well-formed GET. */
static int
judge_upgrade(
	const struct chat_http_request *request, const struct upgrade *upgrade, bool *bad_version)
{
	if (!request->upgrade)
		return 426;
	if (upgrade->version.at == NULL)
		return 400;
	*bad_version = !chat_span_equal(upgrade->version, CHAT_SPAN("13"));
	if (*bad_version)
		return 426;
	return is_key(request->key) ? 101 : 400;
}

int
chat_http_read_request(struct chat_http_request *request, struct chat_span head, bool *bad_version)
{
	struct upgrade upgrade = {0};
	struct header header;
	struct chat_span line;
	int minor, status, more;

	*request = (struct chat_http_request){0};
	*bad_version = false;
	if (take_line(&head, &line) != 0)
		return 400;
	status = read_request_line(request, line, &minor);
	if (status != 0)
		return status;
	while ((more = take_header(&head, &header)) == 1) {
		if (read_request_header(request, &upgrade, &header) != 0)
			return 400;
	}
	if (more != 0 || (minor > 0 && request->host.at == NULL))
		return 400;
	if (!chat_span_equal(request->method, CHAT_SPAN("GET")))
		return 405;
	if (read_target(request) != 0)
		return 400;
	request->upgrade = minor > 0 && upgrade.websocket && upgrade.connection;
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
chat_http_write_refusal(
	struct chat_buf *out, int status, const char *extra_headers, const char *text)
{
	chat_buf_printf(out,
		"HTTP/1.1 %d %s\r\n"
		"Connection: close\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: %zu\r\n"
		"%s\r\n%s\n",
		status, chat_http_reason(status), strlen(text) + 1,
		extra_headers == NULL ? "" : extra_headers, text);
}

void
chat_http_make_key(char key[CHAT_HTTP_KEY_LEN + 1])
{
	unsigned char bytes[KEY_BYTES];

	/* As few bytes as this come whole or not at all (getrandom(2)). */
	while (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
		if (errno != EINTR)
			abort();
	}
	key[chat_base64_encode(key, bytes, sizeof(bytes))] = '\0';
}

int
chat_http_write_request(struct chat_buf *out, const char *host_port, const char *target,
	const char *key, const char *user_agent, struct chat_err *err)
{
	struct chat_span agent = chat_span_of(user_agent);

	if (!all(chat_span_of(host_port), is_host_char))
		return chat_fail(err, CHAT_USAGE, "a host with a character that none may hold");
	if (*target != '/' || !all(chat_span_of(target), is_target_char))
		return chat_fail(err, CHAT_USAGE, "a path with a character that none may hold");
	if (!all(agent, is_value_char))
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

/* "HTTP/1.1 101 Switching Protocols": the status, or 0 where it is none of HTTP/1.x. */
static int
read_status_line(struct chat_span line)
{
	struct chat_span version = take_until(&line, ' ');
	struct chat_span status = take_until(&line, ' ');
	int minor;

	if (read_version(version, &minor) != 0 || status.len != 3 || !all(status, is_digit) ||
		status.at[0] == '0' || !all(line, is_value_char))
		return 0;
	return (status.at[0] - '0') * 100 + (status.at[1] - '0') * 10 + (status.at[2] - '0');
}

static int
fail_status(int status, struct chat_err *err)
{
	enum chat_code code = CHAT_PROTOCOL_ERROR;

	if (status == 401 || status == 403)
		code = CHAT_REFUSED;
	if (status == 429 || status == 503)
		code = CHAT_TRY_LATER;
	return chat_fail(err, code, "the server answers %d%s%s", status,
		*chat_http_reason(status) == '\0' ? "" : " ", chat_http_reason(status));
}

/* The headers of a 101. */
static int
check_accept(struct chat_span head, const char *key, struct chat_err *err)
{
	char expected[CHAT_HTTP_ACCEPT_LEN + 1];
	struct chat_span accept = {0};
	struct upgrade upgrade = {0};
	struct header header;
	int more;

	while ((more = take_header(&head, &header)) == 1) {
		if (named(&header, "Upgrade"))
			upgrade.websocket |= list_has(header.value, CHAT_SPAN("websocket"));
		if (named(&header, "Connection"))
			upgrade.connection |= list_has(header.value, CHAT_SPAN("upgrade"));
		if (named(&header, "Sec-WebSocket-Accept") && take_once(&accept, &header) != 0)
			return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server accepts twice");
		if (named(&header, "Sec-WebSocket-Extensions") ||
			named(&header, "Sec-WebSocket-Protocol"))
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
	if (take_line(&head, &line) == 0)
		*status = read_status_line(line);
	if (*status == 0)
		return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server's answer is not HTTP");
	if (*status != 101)
		return fail_status(*status, err);
	return check_accept(head, key, err);
}
