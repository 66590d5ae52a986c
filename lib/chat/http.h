#ifndef CHAT_HTTP_H
#define CHAT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"

/*
 * The opening handshake (RFC 6455 section 4), both sides, as functions on bytes that do no input or
 * output. Defined in http_head.c, http_request.c (the server's side) and http_response.c (the
 * client's side).
 */
#define CHAT_HTTP_HEAD_MAX 8192 /* bytes of a head, its empty line included */
#define CHAT_HTTP_FORWARDED_MAX 16 /* headers of one name that are kept */
#define CHAT_HTTP_KEY_LEN 24 /* characters of Sec-WebSocket-Key */
#define CHAT_HTTP_ACCEPT_LEN 28 /* characters of Sec-WebSocket-Accept */

/*
 * Returns the length of the head at the front, its empty line included, or 0 if it is not complete.
 * The caller keeps *scanned, at first 0, between calls, so that no byte is looked at twice.
 */
size_t chat_http_head_len(struct chat_span bytes, size_t *scanned);

/* A request head, as spans of it. Fields that were not read before an error are empty. */
struct chat_http_request {
	struct chat_span method;
	struct chat_span target; /* as sent */
	struct chat_span path; /* of the target, without its query; "/" if it is empty */
	struct chat_span host; /* with its port; that of the target if it has one */
	struct chat_span origin; /* at NULL: none */
	struct chat_span user_agent; /* at NULL: none */
	/* The values of X-Forwarded-For, each a list, in their order; of too many the last ones. */
	struct chat_span forwarded_for[CHAT_HTTP_FORWARDED_MAX];
	size_t forwarded_count;
	struct chat_span key; /* Sec-WebSocket-Key */
	bool upgrade; /* it asks for WebSocket: GET, HTTP/1.1, Upgrade and Connection */
};

/*
 * Reads a whole request head. Returns the HTTP status to answer with: 101 for a WebSocket request
 * of version 13; 400 if it is malformed (line folding, bare CR or LF, a control character, a
 * duplicate of a header that may appear once, no Host, a body, a bad key); 405 if it is not GET;
 * 426 if it is no upgrade, or of another version (then *bad_version is true: answer with
 * Sec-WebSocket-Version: 13); 505 if it is not HTTP/1.x.
 */
int chat_http_read_request(
	struct chat_http_request *request, struct chat_span head, bool *bad_version);

/* Appends the answer 101 for a key. */
void chat_http_write_accept(struct chat_buf *out, struct chat_span key);

/*
 * Appends an answer with a body, after which the connection is closed. extra_headers:
 * "Name: value\r\n…", or NULL.
 */
void chat_http_write_answer(struct chat_buf *out, int status, const char *extra_headers,
	const char *content_type, struct chat_span body);

/* The same with a line of text as the body. */
void chat_http_write_refusal(
	struct chat_buf *out, int status, const char *extra_headers, const char *text);

/* Returns the reason phrase of a status, or "" if it is unknown. Static. */
const char *chat_http_reason(int status);

/* Writes a new random Sec-WebSocket-Key, NUL-terminated. */
void chat_http_make_key(char key[CHAT_HTTP_KEY_LEN + 1]);

/*
 * Appends the client's request. Returns 0, or -1 with CHAT_USAGE if an argument has a character
 * that is not allowed there, such as a control character, or a space outside user_agent.
 */
int chat_http_write_request(struct chat_buf *out, const char *host_port, const char *target,
	const char *key, const char *user_agent, struct chat_err *err);

/*
 * Reads a whole response head. Returns 0 if it is a 101 that accepts the key, without an extension
 * or a subprotocol. Otherwise -1: with CHAT_REFUSED for 401 and 403, CHAT_TRY_LATER for 429 and
 * 503, and CHAT_PROTOCOL_ERROR for another status, a wrong accept, or if it is not HTTP. *status
 * gets the status, or 0 if there is none.
 */
int chat_http_read_response(
	struct chat_span head, const char *key, int *status, struct chat_err *err);

/* Writes the Sec-WebSocket-Accept of a key, NUL-terminated. */
void chat_http_accept(char accept[CHAT_HTTP_ACCEPT_LEN + 1], struct chat_span key);

#endif
