#ifndef CLIENT_JSON_EDIT_H
#define CLIENT_JSON_EDIT_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/json.h"
#include "chat/span.h"

/*
 * Small changes to JSON that was checked, which leave all its other bytes as they are.
 */

/* Appends an object, which has members, with one more at its end: member is `"name":value`. */
void json_edit_add(struct chat_buf *out, struct chat_span object, struct chat_span member);

/*
 * Appends an object without those of its members that are left out, and without the brace at its
 * end: more members can follow (json_edit_comma), and then the brace is the caller's. -1: it is no
 * object of JSON, and what was appended is of no use.
 */
typedef bool json_edit_leaves_out(void *arg, const struct chat_json_value *key);
int json_edit_without(
	struct chat_buf *out, struct chat_span object, json_edit_leaves_out *leaves_out, void *arg);

/* Appends the comma that stands before the next member, unless it is the first one. */
void json_edit_comma(struct chat_buf *out);

/* Puts a text without the white space between its tokens into out, which it replaces. */
struct chat_span json_edit_compact(struct chat_buf *out, struct chat_span text);

#endif
