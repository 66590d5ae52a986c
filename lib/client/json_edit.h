#ifndef CLIENT_JSON_EDIT_H
#define CLIENT_JSON_EDIT_H

#include <stdbool.h>

#include "chat/json.h"
#include "chat/span.h"
#include "text/buf.h"

/* Changes to JSON that was checked. All other bytes stay as they are. */

/* Appends to out an object that has members, with one more at its end. member is `"name":value`. */
void chat_json_edit_add(struct chat_buf *out, struct chat_span object, struct chat_span member);

/*
 * Appends to out an object without the members for whose key leaves_out() returns true, and without
 * its last brace. The caller may append more members, each after chat_json_edit_comma(), and
 * appends the brace. Returns 0, or -1 if the text is no object of JSON: what was appended is then
 * of no use.
 */
typedef bool chat_json_edit_leaves_out(void *arg, const struct chat_json_value *key);
int chat_json_edit_without(struct chat_buf *out, struct chat_span object,
	chat_json_edit_leaves_out *leaves_out, void *arg);

/* Appends a comma, unless out ends with the opening brace of an object. */
void chat_json_edit_comma(struct chat_buf *out);

/* Replaces out by a text without the white space between its tokens. Returns the content of out. */
struct chat_span chat_json_edit_compact(struct chat_buf *out, struct chat_span text);

#endif
