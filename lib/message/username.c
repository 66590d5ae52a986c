/*
 * Finds usernames that the specification allows and a server refuses: two names must not look the
 * same, and a name must not move the cursor of a terminal. The length, 3 to 20 code points, is a
 * rule of the table (rules.c).
 */
#include "message/username.h"

#include "chat/msg.h"
#include "text/err.h"
#include "text/utf8.h"

static bool
is_space(uint32_t point)
{
	return point == 0x20 || point == 0xA0 || point == 0x1680 ||
		(point >= 0x2000 && point <= 0x200A) || point == 0x202F || point == 0x205F ||
		point == 0x3000;
}

int
chat_username_check(struct chat_span decoded, struct chat_err *err)
{
	size_t len;

	for (size_t at = 0; at < decoded.len; at += len) {
		uint32_t point = chat_utf8_decode(decoded.at + at, &len);

		if (chat_utf8_is_control(point))
			return chat_fail(
				err, CHAT_BAD_USERNAME, "a username has no control characters");
		if (chat_utf8_is_invisible(point))
			return chat_fail(
				err, CHAT_BAD_USERNAME, "a username has no invisible characters");
		if (is_space(point) && (at == 0 || at + len == decoded.len))
			return chat_fail(err, CHAT_BAD_USERNAME,
				"a username does not begin or end with white space");
	}
	return 0;
}
