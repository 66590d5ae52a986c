#ifndef CHAT_WIRE_HTTP_HEAD_H
#define CHAT_WIRE_HTTP_HEAD_H

#include <stdbool.h>

#include "chat/span.h"

/*
 * The head of a request or a response: its lines, headers and words (RFC 9110, RFC 9112). Shared by
 * http_request.c and http_response.c. Names and words are compared without the case of ASCII
 * letters, whatever the locale.
 */
struct chat_http_header {
	struct chat_span name, value; /* the value without white space around it */
};

/* The agreement of one side to the upgrade, collected from its headers. */
struct chat_http_upgrade {
	bool websocket, connection; /* Upgrade: websocket, and Connection: Upgrade were there */
	struct chat_span version; /* of a request: Sec-WebSocket-Version; at NULL: it was missing */
};

/* Character classes: of a token (RFC 9110 section 5.6.2), a host, a target, a header's value. */
bool chat_http_is_token_char(char c);
bool chat_http_is_host_char(char c);
bool chat_http_is_target_char(char c);
bool chat_http_is_value_char(char c);

/* Returns true if all characters are of a class. */
bool chat_http_all(struct chat_span text, bool is(char));

/* Returns true if two words are equal. */
bool chat_http_same_word(struct chat_span a, struct chat_span b);

/* Removes the text before the first separator, and the separator; all of it if there is none. */
struct chat_span chat_http_take_until(struct chat_span *text, char separator);

/* Removes a line from the front of a head. Returns 0, or -1 if it does not end with CRLF. */
int chat_http_take_line(struct chat_span *head, struct chat_span *line);

/*
 * Removes a header line from the front of a head. Returns 1, 0 at the empty line that ends the
 * head, or -1 if the line is malformed.
 */
int chat_http_take_header(struct chat_span *head, struct chat_http_header *header);

/* Returns true if the header has this name. */
bool chat_http_is_named(const struct chat_http_header *header, const char *name);

/* Stores the value of a header that may appear once. Returns -1 if *into is set already. */
int chat_http_take_once(struct chat_span *into, const struct chat_http_header *header);

/* Notes what an Upgrade or Connection header says; ignores others. */
void chat_http_note_upgrade(
	struct chat_http_upgrade *upgrade, const struct chat_http_header *header);

/*
 * Reads "HTTP/1.1". Returns 0 and the minor version, 505 for another major version, or 400.
 */
int chat_http_read_version(struct chat_span version, int *minor);

#endif
