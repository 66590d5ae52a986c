#ifndef CHAT_WIRE_HTTP_H
#define CHAT_WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/span.h"
#include "text/buf.h"

/*
 * The opening handshake (RFC 6455 section 4) of servers and clients. These functions work on bytes
 * in memory and do no input or output. http_request.c defines the server's side, http_response.c
 * the client's, http_head.c what both need.
 */
#define CHAT_HTTP_HEAD_MAX 8192 /* bytes of a head, with its empty line; callers check it */
#define CHAT_HTTP_FORWARDED_MAX 16 /* X-Forwarded-For headers that are kept */
#define CHAT_HTTP_KEY_LEN 24 /* characters of Sec-WebSocket-Key */
#define CHAT_HTTP_ACCEPT_LEN 28 /* characters of Sec-WebSocket-Accept */

/*
 * Returns the length of the head at the front of bytes, with its empty line, or 0 if the head is
 * not complete. *scanned must be 0 at the first call; the caller passes it again with more bytes,
 * so that they are not searched twice.
 */
size_t chat_http_head_len(struct chat_span bytes, size_t *scanned);

/* A request head, as spans of its bytes. After an error, fields that were not read are empty. */
struct chat_http_request {
	struct chat_span method;
	struct chat_span target; /* as sent */
	struct chat_span path; /* of the target, without its query; "/" if the target has no path */
	struct chat_span host; /* with its port; of the target if it has a host, else of Host */
	struct chat_span origin; /* its .at is NULL if there is none */
	struct chat_span user_agent; /* its .at is NULL if there is none */
	/* The values of the last X-Forwarded-For headers, in their order; each value is a list. */
	struct chat_span forwarded_for[CHAT_HTTP_FORWARDED_MAX];
	size_t forwarded_count;
	struct chat_span key; /* Sec-WebSocket-Key */
	bool upgrade; /* a GET by HTTP/1.1 with Upgrade: websocket and Connection: Upgrade */
	bool plain; /* a GET or HEAD without Upgrade: websocket, as for a page */
	bool head; /* HEAD: the answer must have no body */
	bool accepts_html; /* Accept has text/html, as that of a browser that opens a page */
	bool accepts_gzip; /* Accept-Encoding has gzip */
	struct chat_span if_none_match; /* its .at is NULL if there is none */
};

/*
 * Reads a whole request head. Returns the HTTP status of the answer: 101 for a WebSocket request of
 * version 13; 400 if the request is malformed (line folding, bare CR or LF, a control character, a
 * duplicate of a header that may appear once, no Host, a body, a bad key); 405 if it is neither
 * GET nor HEAD; 426 if it is not an upgrade, or its WebSocket version is not 13 (*bad_version is
 * then true: the answer must have Sec-WebSocket-Version: 13); 505 if it is not HTTP/1.x.
 */
int chat_http_read_request(
	struct chat_http_request *request, struct chat_span head, bool *bad_version);

/* Appends the answer 101 to a request with this key. */
void chat_http_write_accept(struct chat_buf *out, struct chat_span key);

/*
 * Appends an answer with a body and Connection: close. extra_headers has the form
 * "Name: value\r\n…", or is NULL.
 */
void chat_http_write_answer(struct chat_buf *out, int status, const char *extra_headers,
	const char *content_type, struct chat_span body);

/* As chat_http_write_answer; the body is the text and a newline. */
void chat_http_write_refusal(
	struct chat_buf *out, int status, const char *extra_headers, const char *text);

/* Removes the body of an answer, which a HEAD request must not get. */
void chat_http_cut_body(struct chat_buf *answer);

/* Returns the reason phrase of a status, or "" if the status is unknown. The string is static. */
const char *chat_http_reason(int status);

/* Writes a new random Sec-WebSocket-Key, NUL-terminated. */
void chat_http_make_key(char key[CHAT_HTTP_KEY_LEN + 1]);

/*
 * Appends the client's request. Returns 0, or -1 with CHAT_USAGE if an argument has a character
 * that its place in the request does not allow, such as a control character, or a space outside
 * user_agent.
 */
int chat_http_write_request(struct chat_buf *out, const char *host_port, const char *target,
	const char *key, const char *user_agent, struct chat_err *err);

/*
 * Reads a whole response head. Returns 0 if it is a 101 with the right Sec-WebSocket-Accept, an
 * Upgrade, and neither an extension nor a subprotocol. Else returns -1 with CHAT_REFUSED for 401
 * and 403, CHAT_TRY_LATER for 408, 429 and 503, and CHAT_PROTOCOL_ERROR for all other heads.
 * *status is set to the status, or to 0 if the head has none.
 */
int chat_http_read_response(
	struct chat_span head, const char *key, int *status, struct chat_err *err);

/* Writes the Sec-WebSocket-Accept of a key, NUL-terminated. */
void chat_http_accept(char accept[CHAT_HTTP_ACCEPT_LEN + 1], struct chat_span key);

#endif
