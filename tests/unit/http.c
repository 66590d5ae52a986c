/*
 * The opening handshake: good and bad requests and responses give the status in the table. Every
 * head is also cut at every byte, in an allocation of its own: no part is taken for the whole head,
 * and nothing is read beyond the end.
 */
#include "wire/http.h"

#include <stdlib.h>

#include "tap.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455 section 1.3 */
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define LINE "GET /chat HTTP/1.1\r\n"
#define HOST "Host: localhost:3001\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY_LINE "Sec-WebSocket-Key: " KEY "\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define REST HOST UPGRADE KEY_LINE VERSION

static const struct {
	const char *name;
	struct chat_span head;
	int status;
} requests[] = {
	{"a request", CHAT_SPAN(LINE REST "\r\n"), 101},
	{"names and words in other cases",
		CHAT_SPAN(LINE "hOST: a\r\nUPGRADE: WebSocket\r\nconnection: upgrade\r\n" KEY_LINE
			       "SEC-WEBSOCKET-VERSION:13\r\n\r\n"),
		101},
	{"white space around values",
		CHAT_SPAN(LINE
			"Host:\t a \t\r\nUpgrade:websocket \r\nConnection:\tUpgrade\r\n" KEY_LINE
				VERSION "\r\n"),
		101},
	{"words in lists",
		CHAT_SPAN(LINE HOST
			"Upgrade: h2c, websocket\r\nConnection: keep-alive,Upgrade ,x\r\n" KEY_LINE
				VERSION "\r\n"),
		101},
	{"words in several lines",
		CHAT_SPAN(
			LINE HOST "Upgrade: h2c\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n"
				  "Connection: Upgrade\r\n" KEY_LINE VERSION "\r\n"),
		101},
	{"headers nobody knows",
		CHAT_SPAN(LINE REST "X-Empty:\r\nX-High: \xc3\xa9\r\nX-Colon: a:b\r\n\r\n"), 101},
	{"extensions and subprotocols are offered",
		CHAT_SPAN(LINE REST "Sec-WebSocket-Extensions: permessage-deflate\r\n"
				    "Sec-WebSocket-Protocol: chat\r\n\r\n"),
		101},
	{"a query", CHAT_SPAN("GET /ops?token=x&y=/ HTTP/1.1\r\n" REST "\r\n"), 101},
	{"an absolute target", CHAT_SPAN("GET ws://h:1/a HTTP/1.1\r\n" REST "\r\n"), 101},
	{"a body of no bytes", CHAT_SPAN(LINE REST "Content-Length: 0\r\n\r\n"), 101},
	{"HTTP/1.2", CHAT_SPAN("GET / HTTP/1.2\r\n" REST "\r\n"), 101},

	{"a key with free bits",
		CHAT_SPAN(LINE HOST UPGRADE
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" VERSION "\r\n"),
		101},
	{"no key", CHAT_SPAN(LINE HOST UPGRADE VERSION "\r\n"), 400},
	{"an empty key", CHAT_SPAN(LINE HOST UPGRADE "Sec-WebSocket-Key:\r\n" VERSION "\r\n"), 400},
	{"two keys", CHAT_SPAN(LINE REST KEY_LINE "\r\n"), 400},
	{"a key of 15 bytes",
		CHAT_SPAN(LINE HOST UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j\r\n" VERSION
					    "\r\n"),
		400},
	{"a key of 17 bytes",
		CHAT_SPAN(LINE HOST UPGRADE
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWU=\r\n" VERSION "\r\n"),
		400},
	{"a key without padding",
		CHAT_SPAN(LINE HOST UPGRADE "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n" VERSION
					    "\r\n"),
		400},
	{"a key that is not base64",
		CHAT_SPAN(LINE HOST UPGRADE
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25_ZQ==\r\n" VERSION "\r\n"),
		400},

	{"no version", CHAT_SPAN(LINE HOST UPGRADE KEY_LINE "\r\n"), 400},
	{"two versions", CHAT_SPAN(LINE REST VERSION "\r\n"), 400},
	{"version 8", CHAT_SPAN(LINE HOST UPGRADE KEY_LINE "Sec-WebSocket-Version: 8\r\n\r\n"),
		426},
	{"version 013", CHAT_SPAN(LINE HOST UPGRADE KEY_LINE "Sec-WebSocket-Version: 013\r\n\r\n"),
		426},
	{"no Host", CHAT_SPAN(LINE UPGRADE KEY_LINE VERSION "\r\n"), 400},
	{"two Hosts", CHAT_SPAN(LINE REST HOST "\r\n"), 400},
	{"a Host with a space", CHAT_SPAN(LINE "Host: a b\r\n" UPGRADE KEY_LINE VERSION "\r\n"),
		400},
	{"a Host with a slash", CHAT_SPAN(LINE "Host: a/b\r\n" UPGRADE KEY_LINE VERSION "\r\n"),
		400},
	{"two Origins", CHAT_SPAN(LINE REST "Origin: a\r\nOrigin: a\r\n\r\n"), 400},

	{"no upgrade", CHAT_SPAN(LINE HOST "\r\n"), 426},
	{"Upgrade alone", CHAT_SPAN(LINE HOST "Upgrade: websocket\r\n" KEY_LINE VERSION "\r\n"),
		426},
	{"Connection alone", CHAT_SPAN(LINE HOST "Connection: Upgrade\r\n" KEY_LINE VERSION "\r\n"),
		426},
	{"another protocol",
		CHAT_SPAN(LINE HOST
			"Upgrade: websockets\r\nConnection: Upgrade\r\n" KEY_LINE VERSION "\r\n"),
		426},
	{"HTTP/1.0", CHAT_SPAN("GET / HTTP/1.0\r\n" REST "\r\n"), 426},
	{"HTTP/1.0 without a Host", CHAT_SPAN("GET / HTTP/1.0\r\n\r\n"), 426},
	{"POST", CHAT_SPAN("POST / HTTP/1.1\r\n" REST "\r\n"), 405},
	{"HEAD", CHAT_SPAN("HEAD / HTTP/1.1\r\n" HOST "\r\n"), 426},
	{"get", CHAT_SPAN("get / HTTP/1.1\r\n" REST "\r\n"), 405},
	{"OPTIONS *", CHAT_SPAN("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), 405},
	{"HTTP/2.0", CHAT_SPAN("PRI * HTTP/2.0\r\n\r\n"), 505},
	{"HTTP/0.9", CHAT_SPAN("GET / HTTP/0.9\r\n" REST "\r\n"), 505},

	{"no version of HTTP", CHAT_SPAN("GET /\r\n" REST "\r\n"), 400},
	{"another protocol's name", CHAT_SPAN("GET / HTTQ/1.1\r\n" REST "\r\n"), 400},
	{"a version of letters", CHAT_SPAN("GET / HTTP/1.x\r\n" REST "\r\n"), 400},
	{"a version too long", CHAT_SPAN("GET / HTTP/1.10\r\n" REST "\r\n"), 400},
	{"two spaces", CHAT_SPAN("GET  / HTTP/1.1\r\n" REST "\r\n"), 400},
	{"a space after the version", CHAT_SPAN("GET / HTTP/1.1 \r\n" REST "\r\n"), 400},
	{"a space first", CHAT_SPAN(" GET / HTTP/1.1\r\n" REST "\r\n"), 400},
	{"no target", CHAT_SPAN("GET HTTP/1.1\r\n" REST "\r\n"), 400},
	{"a relative target", CHAT_SPAN("GET chat HTTP/1.1\r\n" REST "\r\n"), 400},
	{"an asterisk target", CHAT_SPAN("GET * HTTP/1.1\r\n" REST "\r\n"), 400},
	{"a target of another scheme", CHAT_SPAN("GET ftp://h/ HTTP/1.1\r\n" REST "\r\n"), 400},
	{"an absolute target without a host", CHAT_SPAN("GET http:///a HTTP/1.1\r\n" REST "\r\n"),
		400},
	{"user information in a target", CHAT_SPAN("GET http://u@h/ HTTP/1.1\r\n" REST "\r\n"),
		400},
	{"a fragment in a target", CHAT_SPAN("GET /a#b HTTP/1.1\r\n" REST "\r\n"), 400},
	{"a control character in a target", CHAT_SPAN("GET /a\x01 HTTP/1.1\r\n" REST "\r\n"), 400},
	{"a high byte in a target", CHAT_SPAN("GET /\xc3\xa9 HTTP/1.1\r\n" REST "\r\n"), 400},
	{"NUL in a target", CHAT_SPAN("GET /\0 HTTP/1.1\r\n" REST "\r\n"), 400},
	{"a method that is no token", CHAT_SPAN("G(T / HTTP/1.1\r\n" REST "\r\n"), 400},
	{"an empty line first", CHAT_SPAN("\r\n" LINE REST "\r\n"), 400},
	{"an empty head", CHAT_SPAN("\r\n\r\n"), 400},

	{"a folded line", CHAT_SPAN(LINE REST "X: a\r\n b\r\n\r\n"), 400},
	{"a folded first header", CHAT_SPAN(LINE " X: a\r\n" REST "\r\n"), 400},
	{"LF alone", CHAT_SPAN(LINE REST "X: a\nY: b\r\n\r\n"), 400},
	{"CR alone", CHAT_SPAN(LINE REST "X: a\rY: b\r\n\r\n"), 400},
	{"CR CR LF", CHAT_SPAN(LINE REST "X: a\r\r\n\r\n"), 400},
	{"LF after the request line", CHAT_SPAN("GET / HTTP/1.1\n" REST "\r\n"), 400},
	{"NUL in a value", CHAT_SPAN(LINE REST "X: a\0b\r\n\r\n"), 400},
	{"ESC in a value", CHAT_SPAN(LINE REST "X: \x1b[2J\r\n\r\n"), 400},
	{"DEL in a value", CHAT_SPAN(LINE REST "X: \x7f\r\n\r\n"), 400},
	{"no colon", CHAT_SPAN(LINE REST "X\r\n\r\n"), 400},
	{"no name", CHAT_SPAN(LINE REST ": a\r\n\r\n"), 400},
	{"a space before the colon", CHAT_SPAN(LINE REST "X : a\r\n\r\n"), 400},
	{"a name that is no token", CHAT_SPAN(LINE REST "X@: a\r\n\r\n"), 400},
	{"a high byte in a name", CHAT_SPAN(LINE REST "\xc3\xa9: a\r\n\r\n"), 400},
	{"NUL in a name", CHAT_SPAN(LINE REST "X\0: a\r\n\r\n"), 400},
	{"a body", CHAT_SPAN(LINE REST "Content-Length: 5\r\n\r\n"), 400},
	{"a chunked body", CHAT_SPAN(LINE REST "Transfer-Encoding: chunked\r\n\r\n"), 400},
};

#define OK_LINE "HTTP/1.1 101 Switching Protocols\r\n"
#define ACCEPT_LINE "Sec-WebSocket-Accept: " ACCEPT "\r\n"

static const struct {
	const char *name;
	struct chat_span head;
	int status;
	enum chat_code code;
} responses[] = {
	{"an accepting answer", CHAT_SPAN(OK_LINE UPGRADE ACCEPT_LINE "\r\n"), 101, CHAT_OK},
	{"other cases, other reason",
		CHAT_SPAN("HTTP/1.1 101 Go\r\nupgrade: WebSocket\r\nCONNECTION: x, upgrade\r\n"
			  "sec-websocket-accept:" ACCEPT "\r\nServer: x\r\n\r\n"),
		101, CHAT_OK},
	{"no reason", CHAT_SPAN("HTTP/1.1 101 \r\n" UPGRADE ACCEPT_LINE "\r\n"), 101, CHAT_OK},
	{"no reason and no space", CHAT_SPAN("HTTP/1.1 101\r\n" UPGRADE ACCEPT_LINE "\r\n"), 101,
		CHAT_OK},
	{"no accept", CHAT_SPAN(OK_LINE UPGRADE "\r\n"), 101, CHAT_PROTOCOL_ERROR},
	{"two accepts", CHAT_SPAN(OK_LINE UPGRADE ACCEPT_LINE ACCEPT_LINE "\r\n"), 101,
		CHAT_PROTOCOL_ERROR},
	{"another accept",
		CHAT_SPAN(OK_LINE UPGRADE
			"Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
		101, CHAT_PROTOCOL_ERROR},
	{"no upgrade", CHAT_SPAN(OK_LINE ACCEPT_LINE "\r\n"), 101, CHAT_PROTOCOL_ERROR},
	{"an upgrade to something else",
		CHAT_SPAN(OK_LINE "Upgrade: h2c\r\nConnection: Upgrade\r\n" ACCEPT_LINE "\r\n"),
		101, CHAT_PROTOCOL_ERROR},
	{"an extension",
		CHAT_SPAN(OK_LINE UPGRADE ACCEPT_LINE "Sec-WebSocket-Extensions: x\r\n\r\n"), 101,
		CHAT_PROTOCOL_ERROR},
	{"a subprotocol",
		CHAT_SPAN(OK_LINE UPGRADE ACCEPT_LINE "Sec-WebSocket-Protocol: x\r\n\r\n"), 101,
		CHAT_PROTOCOL_ERROR},
	{"a folded line", CHAT_SPAN(OK_LINE UPGRADE ACCEPT_LINE "X: a\r\n b\r\n\r\n"), 101,
		CHAT_PROTOCOL_ERROR},
	{"200", CHAT_SPAN("HTTP/1.1 200 OK\r\n\r\n"), 200, CHAT_PROTOCOL_ERROR},
	{"301", CHAT_SPAN("HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n"), 301, CHAT_PROTOCOL_ERROR},
	{"401", CHAT_SPAN("HTTP/1.1 401 Unauthorized\r\n\r\n"), 401, CHAT_REFUSED},
	{"403", CHAT_SPAN("HTTP/1.0 403 Forbidden\r\n\r\n"), 403, CHAT_REFUSED},
	{"404", CHAT_SPAN("HTTP/1.1 404 Not Found\r\n\r\n"), 404, CHAT_PROTOCOL_ERROR},
	{"429", CHAT_SPAN("HTTP/1.1 429 Too Many Requests\r\n\r\n"), 429, CHAT_TRY_LATER},
	{"408", CHAT_SPAN("HTTP/1.1 408 Request Timeout\r\n\r\n"), 408, CHAT_TRY_LATER},
	{"503", CHAT_SPAN("HTTP/1.1 503 Service Unavailable\r\n\r\n"), 503, CHAT_TRY_LATER},
	{"another protocol", CHAT_SPAN("SSH-2.0-OpenSSH_9.2\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"HTTP/2", CHAT_SPAN("HTTP/2.0 200 OK\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"a status of two digits", CHAT_SPAN("HTTP/1.1 99 X\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"a status below 100", CHAT_SPAN("HTTP/1.1 099 X\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"a status of four digits", CHAT_SPAN("HTTP/1.1 1010 X\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"a status of letters", CHAT_SPAN("HTTP/1.1 10x X\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"an escape in the reason", CHAT_SPAN("HTTP/1.1 404 \x1b[2J\r\n\r\n"), 0,
		CHAT_PROTOCOL_ERROR},
	{"LF alone", CHAT_SPAN("HTTP/1.1 404 X\n\n\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
	{"an empty line", CHAT_SPAN("\r\n\r\n"), 0, CHAT_PROTOCOL_ERROR},
};

static char *
copy(struct chat_span bytes)
{
	char *at = malloc(bytes.len > 0 ? bytes.len : 1);

	if (!at)
		abort();
	if (bytes.len > 0)
		memcpy(at, bytes.at, bytes.len);
	return at;
}

static void
test_requests(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		struct chat_http_request request;
		char *at = copy(requests[i].head);
		struct chat_span head = {at, requests[i].head.len};
		size_t scanned = 0;
		bool bad_version;

		is_int(chat_http_read_request(&request, head, &bad_version), requests[i].status,
			"%d: %s", requests[i].status, requests[i].name);
		ok(bad_version == (strncmp(requests[i].name, "version", 7) == 0),
			"whether it is the version: %s", requests[i].name);
		ok(chat_http_head_len(head, &scanned) > 0, "a whole head: %s", requests[i].name);
		free(at);
	}
}

/* No part of a good head is accepted. */
static void
test_cut_requests(void)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		size_t taken = 0;

		for (size_t len = 0; len < requests[i].head.len; len++) {
			struct chat_http_request request;
			char *at = copy((struct chat_span){requests[i].head.at, len});
			bool bad_version;

			taken += chat_http_read_request(&request, (struct chat_span){at, len},
					 &bad_version) == 101;
			free(at);
		}
		is_int(taken, 0, "cut anywhere it is no request: %s", requests[i].name);
	}
}

static void
test_head_len(void)
{
	struct chat_span head = CHAT_SPAN(LINE REST "\r\n");
	size_t scanned = 0, early = 0;
	struct chat_buf more = {0};

	for (size_t len = 0; len < head.len; len++) {
		char *at = copy((struct chat_span){head.at, len});

		early += chat_http_head_len((struct chat_span){at, len}, &scanned);
		free(at);
	}
	is_int(early, 0, "a head is not complete before its last byte");
	is_int(chat_http_head_len(head, &scanned), head.len, "then it is");
	scanned = 0;
	chat_buf_append_span(&more, head);
	chat_buf_append_string(&more, "\x81\x02hi\r\n\r\n");
	is_int(chat_http_head_len(chat_buf_span(&more), &scanned), head.len,
		"what follows a head is not of it");
	chat_buf_free(&more);
}

static void
test_fields(void)
{
	static const char text[] = "GET /ops/eu?x=1 HTTP/1.1\r\n" REST
				   "Origin: https://example.org\r\nUser-Agent: me/1\r\n"
				   "X-Forwarded-For: 1.1.1.1\r\n"
				   "X-Forwarded-For: 2.2.2.2, 3.3.3.3\r\n\r\n";
	struct chat_http_request request;
	bool bad_version;

	chat_http_read_request(&request, chat_span_of(text), &bad_version);
	ok(chat_span_equal(request.method, CHAT_SPAN("GET")), "the method");
	ok(chat_span_equal(request.target, CHAT_SPAN("/ops/eu?x=1")), "the target");
	ok(chat_span_equal(request.path, CHAT_SPAN("/ops/eu")), "the path");
	ok(chat_span_equal(request.host, CHAT_SPAN("localhost:3001")), "the host");
	ok(chat_span_equal(request.origin, CHAT_SPAN("https://example.org")), "the origin");
	ok(chat_span_equal(request.user_agent, CHAT_SPAN("me/1")), "the user agent");
	is_int(request.forwarded_count, 2, "two headers of forwarders");
	ok(chat_span_equal(request.forwarded_for[0], CHAT_SPAN("1.1.1.1")), "the first");
	ok(chat_span_equal(request.forwarded_for[1], CHAT_SPAN("2.2.2.2, 3.3.3.3")),
		"the second, whole");
	ok(chat_span_equal(request.key, CHAT_SPAN(KEY)), "the key");
	ok(request.upgrade, "an upgrade");

	chat_http_read_request(&request,
		CHAT_SPAN("GET HTTP://h:8?q HTTP/1.1\r\n" HOST "Origin:\r\n\r\n"), &bad_version);
	ok(chat_span_equal(request.path, CHAT_SPAN("/")), "an absolute target without a path");
	ok(chat_span_equal(request.host, CHAT_SPAN("h:8")), "its host wins");
	ok(request.origin.at && request.origin.len == 0, "an empty origin is one");
	ok(!request.user_agent.at, "no user agent is none");
	ok(!request.upgrade, "no upgrade");
}

static void
test_page_fields(void)
{
	static const struct {
		const char *headers;
		bool html, gzip;
	} cases[] = {
		{"", false, false},
		{"Accept: text/html\r\nAccept-Encoding: gzip\r\n", true, true},
		{"Accept: */*\r\nAccept-Encoding: *\r\n", false, false},
		{"Accept: a/b , TEXT/HTML ; q=0.5\r\nAccept-Encoding: br,GZIP\r\n", true, true},
		{"Accept: text/html;q=0\r\nAccept-Encoding: gzip; q=0\r\n", false, false},
		{"Accept: a/b\r\nAccept: text/html\r\n", true, false},
		{"Accept: text/html5, ,;\r\nAccept-Encoding: \r\n", false, false},
	};
	struct chat_http_request request;
	bool bad_version;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char head[512];

		snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n" HOST "%s\r\n", cases[i].headers);
		is_int(chat_http_read_request(&request, chat_span_of(head), &bad_version), 426,
			"what a browser sends");
		ok(request.plain && !request.head, "asks for a page");
		is_int(request.accepts_html, cases[i].html, "of HTML: %zu", i);
		is_int(request.accepts_gzip, cases[i].gzip, "as gzip: %zu", i);
		ok(!request.if_none_match.at, "which it does not have");
	}
	chat_http_read_request(&request,
		CHAT_SPAN("HEAD / HTTP/1.1\r\n" HOST "If-None-Match: \"a\"\r\n\r\n"), &bad_version);
	ok(request.head && request.plain, "HEAD");
	ok(chat_span_equal(request.if_none_match, CHAT_SPAN("\"a\"")), "the tag of what it has");
	chat_http_read_request(&request,
		CHAT_SPAN("GET / HTTP/1.1\r\n" HOST "Upgrade: websocket\r\n\r\n"), &bad_version);
	ok(!request.plain, "who names a WebSocket asks for no page");
}

static void
test_many_forwarded(void)
{
	struct chat_http_request request;
	struct chat_buf head = {0};
	bool bad_version;

	chat_buf_append_string(&head, "GET / HTTP/1.1\r\n" REST);
	for (int i = 0; i < 40; i++)
		chat_buf_printf(&head, "x-forwarded-for: 192.0.2.%d\r\n", i);
	chat_buf_append_string(&head, "\r\n");
	is_int(chat_http_read_request(&request, chat_buf_span(&head), &bad_version), 101,
		"forty headers of forwarders");
	is_int(request.forwarded_count, CHAT_HTTP_FORWARDED_MAX, "no more are kept than fit");
	ok(chat_span_equal(
		   request.forwarded_for[CHAT_HTTP_FORWARDED_MAX - 1], CHAT_SPAN("192.0.2.39")),
		"the last is the last");
	ok(chat_span_equal(request.forwarded_for[0], CHAT_SPAN("192.0.2.24")), "in their order");
	chat_buf_free(&head);
}

static void
test_responses(void)
{
	for (size_t i = 0; i < sizeof(responses) / sizeof(*responses); i++) {
		struct chat_err err = {.code = CHAT_OK};
		char *at = copy(responses[i].head);
		struct chat_span head = {at, responses[i].head.len};
		int status, result = chat_http_read_response(head, KEY, &status, &err);

		is_int(result, responses[i].code == CHAT_OK ? 0 : -1, "%s", responses[i].name);
		is_str(chat_code_word(err.code), chat_code_word(responses[i].code), "its code");
		is_int(status, responses[i].status, "its status");
		free(at);
		for (size_t len = 0; len < head.len; len++) {
			at = copy((struct chat_span){responses[i].head.at, len});
			if (chat_http_read_response(
				    (struct chat_span){at, len}, KEY, &status, NULL) != -1)
				ok(false, "cut at %zu it is no answer", len);
			free(at);
		}
	}
}

static void
test_writing(void)
{
	struct chat_buf out = {0};
	char accept[CHAT_HTTP_ACCEPT_LEN + 1];
	int status;

	chat_http_accept(accept, CHAT_SPAN(KEY));
	is_str(accept, ACCEPT, "the accept key of RFC 6455 section 1.3");
	chat_http_write_accept(&out, CHAT_SPAN(KEY));
	is_int(chat_http_read_response(chat_buf_span(&out), KEY, &status, NULL), 0,
		"the client takes the server's answer");
	out.len = 0;
	chat_http_write_refusal(&out, 503, "Retry-After: 3\r\n", "full");
	chat_buf_append(&out, "", 1);
	is_str(out.at,
		"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
		"Retry-After: 3\r\n\r\nfull\n",
		"a refusal");
	chat_buf_free(&out);
}

static void
test_write_request(void)
{
	char key[CHAT_HTTP_KEY_LEN + 1], other[CHAT_HTTP_KEY_LEN + 1];
	struct chat_http_request request;
	struct chat_buf out = {0};
	bool bad_version;

	chat_http_make_key(key);
	chat_http_make_key(other);
	ok(strlen(key) == CHAT_HTTP_KEY_LEN && strcmp(key, other) != 0, "a key is fresh");
	is_int(chat_http_write_request(
		       &out, "[::1]:3001", "/ops?q=%41", key, "chat-tools/1 (x)", NULL),
		0, "a request is written");
	is_int(chat_http_read_request(&request, chat_buf_span(&out), &bad_version), 101,
		"the server takes it");
	ok(chat_span_equal(request.host, CHAT_SPAN("[::1]:3001")), "with its host");
	out.len = 0;
	is_int(chat_http_write_request(&out, "a\r\nX: y", "/", key, "x", NULL), -1,
		"no header through the host");
	is_int(chat_http_write_request(&out, "a", "/ HTTP/1.1\r\nX: y", key, "x", NULL), -1,
		"nor through the target");
	is_int(chat_http_write_request(&out, "a", "", key, "x", NULL), -1, "nor no target");
	is_int(chat_http_write_request(&out, "a", "/", key, "x\r\nX: y", NULL), -1,
		"nor through the user agent");
	is_int(out.len, 0, "then nothing is written");
	chat_buf_free(&out);
}

int
main(void)
{
	test_requests();
	test_cut_requests();
	test_head_len();
	test_fields();
	test_page_fields();
	test_many_forwarded();
	test_responses();
	test_writing();
	test_write_request();
	return done();
}
