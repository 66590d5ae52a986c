/*
 * Checks the ids of users. value.c calls this for each rule with CHAT_FORMAT_ID. The ids of
 * messages, which a server assigns, are not checked here.
 */
#include "message/user_id.h"

#include "text/ascii.h"
#include "text/err.h"

int
chat_user_id_check(const struct chat_json_value *string, struct chat_err *err)
{
	struct chat_span rest = chat_json_inside(string);
	bool good = rest.len > 0;
	char piece[64];

	while (good && rest.len > 0) {
		size_t len = chat_json_decode(&rest, piece, sizeof(piece));

		for (size_t i = 0; i < len; i++)
			good &= chat_is_alnum(piece[i]) || piece[i] == '-';
	}
	return good ? 0
		    : chat_fail(err, CHAT_BAD_MESSAGE,
			      "expected one or more letters, digits or hyphens");
}
