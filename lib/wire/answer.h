#ifndef CHAT_WIRE_ANSWER_H
#define CHAT_WIRE_ANSWER_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/span.h"

/*
 * An HTTP answer of somebody who is no chat server, or will not let us in: what a person wants to
 * know of it.
 */
#define CHAT_ANSWER_BODY_MAX 4096 /* bytes of the body that are looked at */

/* Whether more of the body would tell more. head: with its empty line; body: what is there of it.
 */
bool chat_answer_is_whole(struct chat_span head, struct chat_span body);

/*
 * Appends its status line without the version, where it leads to, who says so, and the title of a
 * page or the first line of a text: `200 OK of nginx/1.22.1: "Welcome to nginx!"`. What the other
 * side chose is shown (chat_show), and cut.
 */
void chat_answer_describe(struct chat_buf *out, struct chat_span head, struct chat_span body);

/* Appends the first line of anything, as a terminal may have it, in quotes, and cut. */
void chat_answer_quote(struct chat_buf *out, struct chat_span text);

#endif
