#ifndef CHAT_WIRE_HTTP_HEAD_H
#define CHAT_WIRE_HTTP_HEAD_H

#include <stdbool.h>

#include "chat/span.h"

/*
 * The head of a request or a response: its lines, headers and words (RFC 9110, RFC 9112). Shared by
 * http_request.c and http_response.c. Comparisons of names and words ignore the case of ASCII
 * letters and do not depend on the locale.
 */
struct chat_http_header {
	struct chat_span name, value; /* the value has no white space around it */
};

/* The headers of a head that ask for the upgrade or accept it. */
struct chat_http_upgrade {
	bool websocket, connection; /* the head has Upgrade: websocket; Connection: Upgrade */
	struct chat_span version; /* Sec-WebSocket-Version of a request; .at is NULL if missing */
};

/* Return true if a token (RFC 9110 section 5.6.2), a host, a target or a header's value may contain
 * the character. */
bool chat_http_is_token_char(char c);
bool chat_http_is_host_char(char c);
bool chat_http_is_target_char(char c);
bool chat_http_is_value_char(char c);

/* Returns true if `is` returns true for all characters. */
bool chat_http_all(struct chat_span text, bool is(char));

/* Returns true if two words are equal, without regard to the case of ASCII letters. */
bool chat_http_same_word(struct chat_span a, struct chat_span b);

/* Removes the text before the first separator, and the separator; the whole text if there is none.
 * Returns the text before the separator. */
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

/* Stores the value of a header that may appear once. Returns 0, or -1 if *into is already set. */
int chat_http_take_once(struct chat_span *into, const struct chat_http_header *header);

/* Sets the fields of *upgrade for an Upgrade or Connection header; ignores other headers. */
void chat_http_note_upgrade(
	struct chat_http_upgrade *upgrade, const struct chat_http_header *header);

/*
 * Reads a version such as "HTTP/1.1". Returns 0 with *minor set, 505 if the major version is not 1,
 * or 400 if it is malformed.
 */
int chat_http_read_version(struct chat_span version, int *minor);

#endif
