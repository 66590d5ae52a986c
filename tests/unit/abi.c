/*
 * The layout of the structures that programs of others declare: a change breaks programs that are
 * not compiled again, and needs a new soname.
 */
#include <stddef.h>

#include "chat/json.h"
#include "chat/msg.h"
#include "chat/validate.h"
#include "tap.h"

int
main(void)
{
	size_t word = sizeof(void *);

	is_int(sizeof(struct chat_span), 2 * word, "struct chat_span");
	is_int(sizeof(struct chat_err), 2 * word + 256, "struct chat_err");
	is_int(offsetof(struct chat_err, offset), word, "its offset");
	is_int(offsetof(struct chat_err, field), 2 * word, "its field");
	is_int(offsetof(struct chat_err, text), 2 * word + 64, "its text");
	is_int(sizeof(struct chat_json_value), 5 * word, "struct chat_json_value");
	is_int(sizeof(struct chat_json), word == 8 ? 32 : 20, "struct chat_json");
	is_int(offsetof(struct chat_msg, line), word, "the line of a struct chat_msg");
	is_int(sizeof(struct chat_msg) - offsetof(struct chat_msg, value),
		64 * sizeof(struct chat_json_value), "struct chat_msg has 64 values");
	ok(CHAT_SLOTS <= CHAT_MSG_VALUES, "which suffice for the slots");
	is_int(sizeof(struct chat_counts), 37 * 8, "struct chat_counts");
	return done();
}
