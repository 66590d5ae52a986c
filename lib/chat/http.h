#ifndef CHAT_HTTP_H
#define CHAT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"

/*
 * The opening handshake (RFC 6455 section 4), both sides, as pure functions on bytes (RFC 9112).
 */
#define CHAT_HTTP_HEAD_MAX 8192 /* bytes of a head, its empty line included */
#define CHAT_HTTP_FORWARDED_MAX 16 /* headers of one name that are kept */
#define CHAT_HTTP_KEY_LEN 24 /* characters of Sec-WebSocket-Key */
#define CHAT_HTTP_ACCEPT_LEN 28 /* characters of Sec-WebSocket-Accept */

/* Bytes of the head at the front, its empty line included; 0 when it is not complete yet.
 * scanned (in/out, starts 0) saves looking at the same bytes again. */
size_t chat_http_head_len(struct chat_span bytes, size_t *scanned);

/* A request head, as spans of it. What was not read when a flaw was met is empty. */
struct chat_http_request {
	struct chat_span method;
	struct chat_span target; /* as sent */
	struct chat_span path; /* of the target, without its query; "/" where it is empty */
	struct chat_span host; /* with its port; of the target where that has one */
	struct chat_span origin; /* at NULL: none */
	struct chat_span user_agent; /* at NULL: none */
	/* The values of X-Forwarded-For, each a list, in their order: of many the last ones. */
	struct chat_span forwarded_for[CHAT_HTTP_FORWARDED_MAX];
	size_t forwarded_count;
	struct chat_span key; /* Sec-WebSocket-Key */
	bool upgrade; /* asks for websocket: GET, HTTP/1.1, Upgrade and Connection say so */
};

/*
 * Reads a whole request head. Returns the HTTP status to answer with: 101 when it is a proper
 * WebSocket request of version 13; 400 malformed (line folding, bare CR or LF, a control character,
 * a header twice that must be once, no Host, a body, a bad key); 405 not GET; 426 not an upgrade,
 * or another version (then *bad_version: answer with Sec-WebSocket-Version: 13); 505 not HTTP/1.x.
 */
int chat_http_read_request(
	struct chat_http_request *request, struct chat_span head, bool *bad_version);

/* The 101 answer for a key. */
void chat_http_write_accept(struct chat_buf *out, struct chat_span key);

/*
 * Any other answer: it says that the connection closes, and carries a line of text as body.
 * extra_headers: "Name: value\r\n…", or NULL.
 */
void chat_http_write_refusal(
	struct chat_buf *out, int status, const char *extra_headers, const char *text);

/* The reason phrase of a status; "" for one unknown here. Static. */
const char *chat_http_reason(int status);

/* A fresh Sec-WebSocket-Key, with a NUL. */
void chat_http_make_key(char key[CHAT_HTTP_KEY_LEN + 1]);

/*
 * The client's request. CHAT_USAGE where a part holds a character that none may: a control
 * character or, user_agent apart, a space.
 */
int chat_http_write_request(struct chat_buf *out, const char *host_port, const char *target,
	const char *key, const char *user_agent, struct chat_err *err);

/*
 * Reads a whole response head. 0 when it is a 101 that accepts the key, without extensions or a
 * subprotocol nobody asked for. Otherwise -1: 401 and 403 are CHAT_REFUSED, 429 and 503
 * CHAT_TRY_LATER, another status, a wrong accept or no HTTP at all CHAT_PROTOCOL_ERROR.
 * *status gets the number, 0 where there is none.
 */
int chat_http_read_response(
	struct chat_span head, const char *key, int *status, struct chat_err *err);

/* Sec-WebSocket-Accept of a key, with a NUL. */
void chat_http_accept(char accept[CHAT_HTTP_ACCEPT_LEN + 1], struct chat_span key);

#endif
