#ifndef CHAT_WIRE_REFUSAL_H
#define CHAT_WIRE_REFUSAL_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/span.h"

/*
 * The HTTP answer of a server that is no chat server, or refuses the connection, described for
 * people.
 */
#define CHAT_REFUSAL_BODY_MAX 4096 /* bytes of the body that are used */

/*
 * Returns true if the rest of the body would not change the description. head: with its empty line;
 * body: the part that has come.
 */
bool chat_refusal_is_whole(struct chat_span head, struct chat_span body);

/*
 * Appends a description: the status line without the version, the target of a redirection, the name
 * of the server, and the title of a page or the first line of a text, such as
 * `200 OK, says nginx/1.22.1: "Welcome to nginx!"`. Text from the server is made safe (chat_show)
 * and cut.
 */
void chat_refusal_describe(struct chat_buf *out, struct chat_span head, struct chat_span body);

/* Appends the first line of a text in quotes, made safe for a terminal, and cut. */
void chat_refusal_quote(struct chat_buf *out, struct chat_span text);

#endif
