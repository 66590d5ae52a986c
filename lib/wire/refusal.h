#ifndef CHAT_WIRE_REFUSAL_H
#define CHAT_WIRE_REFUSAL_H

#include <stdbool.h>

#include "chat/span.h"
#include "text/buf.h"

/*
 * Describes for people the HTTP answer of a server that is not a chat server, or refuses the
 * connection.
 */
#define CHAT_REFUSAL_BODY_MAX 4096 /* the most bytes of the body that are used */

/*
 * Returns true if more of the body need not be awaited: the body is complete by its Content-Length,
 * has CHAT_REFUSAL_BODY_MAX bytes, or has a whole <title>. head must have its empty line; body is
 * the part received so far.
 */
bool chat_refusal_is_whole(struct chat_span head, struct chat_span body);

/*
 * Appends a description such as `200 OK, says nginx/1.22.1: "Welcome to nginx!"`: the status line
 * without the version, the target of a redirection, the name of the server and, if it is not a
 * redirection, the title of a page or the first line of a text. Text from the server is made safe
 * for a terminal (chat_show) and cut.
 */
void chat_refusal_describe(struct chat_buf *out, struct chat_span head, struct chat_span body);

/* Appends the first line of a text in quotes, made safe for a terminal (chat_show) and cut. */
void chat_refusal_quote(struct chat_buf *out, struct chat_span text);

#endif
