/*
 * The page and its headers. The page may load nothing and connect only to the server that it came
 * from; its own style and script are named by their hashes (Content Security Policy Level 3).
 */
#include "serve/web/page.h"

#include <stdio.h>
#include <string.h>

#include "chat/base64.h"
#include "wire/digest.h"

static const unsigned char html[] = {
#include "serve/web/page.html.inc"
};
static const unsigned char html_gz[] = {
#include "serve/web/page.html.gz.inc"
};

_Static_assert(sizeof(html) > 1024 && sizeof(html_gz) > 1024, "the build has made both forms");

#define HASH_LEN 44 /* base64 of SHA-256 */

/* Returns the text between two tags, each of which is there once. */
static struct chat_span
content_of(const char *open, const char *close)
{
	const char *from = memmem(html, sizeof(html), open, strlen(open)), *to;

	from += strlen(open);
	to = memmem(from, (size_t)((const char *)html + sizeof(html) - from), close, strlen(close));
	return (struct chat_span){from, (size_t)(to - from)};
}

static void
write_hash(char hash[HASH_LEN + 1], struct chat_span text)
{
	unsigned char digest[CHAT_SHA256_BYTES];

	chat_sha256(digest, text);
	hash[chat_base64_encode(hash, digest, sizeof(digest))] = '\0';
}

static void
write_tag(char tag[WEB_TAG_SIZE], struct chat_span body)
{
	char hash[HASH_LEN + 1];

	write_hash(hash, body);
	snprintf(tag, WEB_TAG_SIZE, "\"%s\"", hash);
}

static struct chat_span
body_of(bool zipped)
{
	return zipped ? (struct chat_span){(const char *)html_gz, sizeof(html_gz)}
		      : (struct chat_span){(const char *)html, sizeof(html)};
}

void
web_page_prepare(struct web_page *page)
{
	char style[HASH_LEN + 1], script[HASH_LEN + 1];

	write_tag(page->tag, body_of(false));
	write_tag(page->tag_gzip, body_of(true));
	write_hash(style, content_of("<style>", "</style>"));
	write_hash(script, content_of("<script>", "</script>"));
	snprintf(page->policy, sizeof(page->policy),
		"Content-Security-Policy: default-src 'none'; style-src 'sha256-%s'; script-src "
		"'sha256-%s'; connect-src 'self'; img-src blob: data:; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Referrer-Policy: no-referrer\r\n"
		"Cross-Origin-Opener-Policy: same-origin\r\n"
		"Cross-Origin-Resource-Policy: same-origin\r\n",
		style, script);
}

/* Returns true if If-None-Match names the tag; a proxy may have made it a weak one. */
static bool
is_known(struct chat_span if_none_match, const char *tag)
{
	return chat_span_equal(if_none_match, CHAT_SPAN("*")) ||
		(if_none_match.at && memmem(if_none_match.at, if_none_match.len, tag, strlen(tag)));
}

#define VARIES \
	"Cache-Control: no-cache\r\n" \
	"ETag: %s\r\n" \
	"Vary: Accept, Accept-Encoding\r\n"

/* Without Content-Length, which would have to be that of the page (RFC 9110 section 8.6). */
static void
write_not_modified(struct chat_buf *answer, const char *tag)
{
	chat_buf_printf(answer, "HTTP/1.1 304 %s\r\nConnection: close\r\n" VARIES "\r\n",
		chat_http_reason(304), tag);
}

void
web_page_write(struct chat_buf *answer, const struct web_page *page,
	const struct chat_http_request *request)
{
	bool zipped = request->accepts_gzip;
	const char *tag = zipped ? page->tag_gzip : page->tag;
	char headers[sizeof(page->policy) + 256];

	if (is_known(request->if_none_match, tag)) {
		write_not_modified(answer, tag);
		return;
	}
	snprintf(headers, sizeof(headers), VARIES "%s%s", tag, page->policy,
		zipped ? "Content-Encoding: gzip\r\n" : "");
	chat_http_write_answer(answer, 200, headers, "text/html; charset=utf-8", body_of(zipped));
}

void
web_hint_write(struct chat_buf *answer, const struct chat_http_request *request, bool secure,
	bool has_page)
{
	struct chat_buf text = {0};
	const char *scheme = secure ? "wss" : "ws";
	struct chat_span host = request->host.at ? request->host : CHAT_SPAN("localhost");

	chat_buf_printf(&text,
		"This is a channel of chat-serve. It speaks WebSocket:\n"
		"  chat-listen -U %s://%.*s%.*s\n"
		"  chat-send -U %s://%.*s%.*s hello\n%s",
		scheme, (int)host.len, host.at, (int)request->path.len, request->path.at, scheme,
		(int)host.len, host.at, (int)request->path.len, request->path.at,
		has_page ? "A browser that opens this address shows the chat.\n" : "");
	chat_http_write_answer(answer, 426,
		"Upgrade: websocket\r\nVary: Accept\r\nX-Content-Type-Options: nosniff\r\n",
		"text/plain; charset=utf-8", chat_buf_span(&text));
	chat_buf_free(&text);
}
