/*
 * Any bytes as the head of a request or a response: all spans lie inside it, a request that is
 * accepted can be answered, and a head that arrives in two pieces has the same length as one that
 * arrives whole.
 */
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "wire/http.h"

static void
check_span(struct chat_span head, struct chat_span part)
{
	bool slash = part.len == 1 && *part.at == '/';

	need(!part.at ? part.len == 0
		      : slash || (part.at >= head.at && part.at + part.len <= head.at + head.len));
}

static void
check_request(struct chat_span head)
{
	struct chat_http_request request;
	struct chat_buf answer = {0};
	bool bad_version;
	int status = chat_http_read_request(&request, head, &bad_version);

	check_span(head, request.method);
	check_span(head, request.target);
	check_span(head, request.path);
	check_span(head, request.host);
	check_span(head, request.origin);
	check_span(head, request.user_agent);
	check_span(head, request.if_none_match);
	need(request.forwarded_count <= CHAT_HTTP_FORWARDED_MAX);
	for (size_t i = 0; i < request.forwarded_count; i++)
		check_span(head, request.forwarded_for[i]);
	check_span(head, request.key);
	need(*chat_http_reason(status) != '\0');
	need(!bad_version || status == 426);
	if (status == 101) {
		char key[CHAT_HTTP_KEY_LEN + 1];
		int answered;

		need(request.upgrade && request.key.len == CHAT_HTTP_KEY_LEN);
		need(request.path.len > 0 && *request.path.at == '/' && request.host.at);
		memcpy(key, request.key.at, CHAT_HTTP_KEY_LEN);
		key[CHAT_HTTP_KEY_LEN] = '\0';
		chat_http_write_accept(&answer, request.key);
		need(chat_http_read_response(chat_buf_span(&answer), key, &answered, NULL) == 0);
		chat_buf_free(&answer);
	}
}

static void
check_response(struct chat_span head)
{
	struct chat_err err = {.code = CHAT_OK};
	int status,
		result = chat_http_read_response(head, "dGhlIHNhbXBsZSBub25jZQ==", &status, &err);

	need(status == 0 || (status >= 100 && status <= 999));
	need((result == 0) == (err.code == CHAT_OK) && (result != 0 || status == 101));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span head = {(const char *)data, size};
	size_t whole = 0, pieces = 0, len = chat_http_head_len(head, &whole), early;
	size_t cut = size == 0 ? 0 : data[0] * size / 256;

	early = chat_http_head_len((struct chat_span){head.at, cut}, &pieces);
	need(early == 0 || early == len);
	need(early != 0 || chat_http_head_len(head, &pieces) == len);
	need(len <= size);
	check_request(head);
	check_response(head);
	if (len > 0) {
		check_request((struct chat_span){head.at, len});
		check_response((struct chat_span){head.at, len});
	}
	return 0;
}
