/*
 * Any bytes as the head of a request without a WebSocket: the answer, of a browser's page or the
 * text for others, is one whole response whose headers nothing in the request can add to or end,
 * and whose body is as long as it says.
 */
#include "serve/web/page.h"

#include "fuzz.h"

#define HEADERS_MOST 16

/* Returns the number of lines of a head, each of which is text in ASCII. */
static size_t
count_lines(struct chat_span head)
{
	size_t lines = 0;

	for (size_t i = 0; i < head.len; i++) {
		unsigned char c = (unsigned char)head.at[i];

		if (c == '\n') {
			need(i > 0 && head.at[i - 1] == '\r');
			lines++;
		} else {
			need(c == '\r' || (c >= ' ' && c < 0x7f));
		}
	}
	return lines;
}

/* expected: the status line. is_304: it has neither a length nor a body. */
static void
check_answer(struct chat_buf *answer, const char *expected, bool is_304)
{
	const char name[] = "Content-Length: ";
	struct chat_span whole = chat_buf_span(answer);
	size_t scanned = 0, len = chat_http_head_len(whole, &scanned);
	struct chat_span head = {whole.at, len};
	const char *length = memmem(head.at, head.len, name, strlen(name));

	need(len > 0 && count_lines(head) <= HEADERS_MOST);
	need(strncmp(head.at, expected, strlen(expected)) == 0);
	need(!length == is_304);
	need(whole.len - len == (length ? strtoul(length + strlen(name), NULL, 10) : 0));
	chat_http_cut_body(answer);
	need(answer->len == len);
}

/* The page and its tags, made at the first call. */
static const struct web_page *
get_page(void)
{
	static struct web_page page;

	if (!*page.tag)
		web_page_prepare(&page);
	return &page;
}

static void
check_request(struct chat_span head)
{
	struct chat_http_request request;
	struct chat_buf answer = {0};
	bool bad_version;

	chat_http_read_request(&request, head, &bad_version);
	if (!request.plain)
		return;
	web_page_write(&answer, get_page(), &request);
	if (strncmp(answer.at, "HTTP/1.1 304 ", 13) == 0) {
		need(request.if_none_match.at);
		check_answer(&answer, "HTTP/1.1 304 Not Modified\r\n", true);
	} else {
		check_answer(&answer, "HTTP/1.1 200 OK\r\n", false);
	}
	chat_buf_free(&answer);
	for (int secure = 0; secure <= 1; secure++) {
		web_hint_write(&answer, &request, secure, !secure);
		check_answer(&answer, "HTTP/1.1 426 Upgrade Required\r\n", false);
		chat_buf_free(&answer);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span bytes = {(const char *)data, size};
	size_t scanned = 0, len = chat_http_head_len(bytes, &scanned);

	if (len > 0 && len <= CHAT_HTTP_HEAD_MAX)
		check_request((struct chat_span){bytes.at, len});
	return 0;
}
