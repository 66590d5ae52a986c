#ifndef CLIENT_SPLICE_H
#define CLIENT_SPLICE_H

#include "buf.h"
#include "span.h"

/*
 * Small changes to JSON that was checked, which leave all its other bytes as they are.
 */

/* Appends an object, which has members, with one more at its end: member is `"name":value`. */
void splice_member(struct chat_buf *out, struct chat_span object, struct chat_span member);

/* Puts a text without the white space between its tokens into out, which it replaces. */
struct chat_span compact_line(struct chat_buf *out, struct chat_span text);

#endif
