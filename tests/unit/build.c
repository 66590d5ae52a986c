/*
 * Messages that the library builds are valid, or there is an error that says why not; every string
 * comes back as it was given.
 */
#include "chat/build.h"

#include <limits.h>
#include <stdlib.h>

#include "chat/msg.h"
#include "tap.h"
#include "text/utf8.h"

static void
is_line(struct chat_build *build, const char *want, const char *name)
{
	struct chat_err err = {.code = CHAT_OK};
	char *line = chat_build_line(build, &err);

	is_str(line ? line : err.text, want, "%s", name);
	free(line);
}

static void
test_messages(void)
{
	struct chat_build *build = chat_build_new(CHAT_TYPE_MESSAGE);

	chat_build_integer(build, CHAT_SLOT_TIMESTAMP, INT64_MAX);
	chat_build_string(build, CHAT_SLOT_CONTENT, "no");
	chat_build_string(build, CHAT_SLOT_CONTENT, "a \"quote\"\n\x01\x1f\\ \xC3\xBC");
	chat_build_string(build, CHAT_SLOT_SENDER, "alice");
	chat_build_string(build, CHAT_SLOT_ID, "1");
	chat_build_string(build, CHAT_SLOT_NONCE, NULL);
	chat_build_json(build, CHAT_SLOT_VIA, CHAT_SPAN("[\"/ops\"]"));
	is_line(build,
		"{\"type\":\"message\",\"id\":\"1\",\"sender\":\"alice\","
		"\"content\":\"a \\\"quote\\\"\\n\\u0001\\u001f\\\\ \xC3\xBC\","
		"\"timestamp\":9223372036854775807,\"via\":[\"/ops\"]}",
		"a message, in the order of the table");
	is_line(build, "is missing", "its values are gone then");
	chat_build_free(build);

	build = chat_build_new(CHAT_TYPE_FILE);
	chat_build_file(build, "a.bin", "application/octet-stream", "\0\xFF\x10", 3);
	is_line(build,
		"{\"type\":\"file\",\"file\":{\"name\":\"a.bin\",\"type\":\"application/"
		"octet-stream\","
		"\"size\":3,\"data\":\"AP8Q\"}}",
		"a file");
	chat_build_file(build, "empty", "text/plain", "", 0);
	is_line(build, "expected at least 1", "an empty file is none");
	chat_build_free(build);

	build = chat_build_new(CHAT_TYPE_USER_STATUS);
	chat_build_boolean(build, CHAT_SLOT_ONLINE, false);
	chat_build_string(build, CHAT_SLOT_USERNAME, "bob");
	chat_build_string(build, CHAT_SLOT_USER_ID, "b");
	is_line(build,
		"{\"type\":\"userStatus\",\"userId\":\"b\",\"username\":\"bob\",\"online\":false}",
		"a boolean");
	chat_build_free(build);
	ok(!chat_build_new(CHAT_TYPE_UNKNOWN), "no builder of what is no type");
	chat_build_free(NULL);
}

static void
fails(struct chat_build *build, enum chat_code code, const char *name)
{
	struct chat_err err;
	char *line;

	chat_build_string(build, CHAT_SLOT_NONCE, "later values do not hide an error");
	line = chat_build_line(build, &err);
	ok(!line && err.code == code, "%s", name);
	free(line);
}

static void
test_errors(void)
{
	struct chat_build *build = chat_build_new(CHAT_TYPE_TEXT);
	struct chat_err err;

	fails(build, CHAT_BAD_MESSAGE, "a text without text");
	chat_build_string(build, CHAT_SLOT_TEXT, "");
	fails(build, CHAT_TEXT_EMPTY, "an empty text");
	chat_build_string(build, CHAT_SLOT_TEXT, "\xFF");
	fails(build, CHAT_BAD_UTF8, "a text that is not UTF-8");
	chat_build_text(build, CHAT_SLOT_TEXT, CHAT_SPAN("a\0b"));
	fails(build, CHAT_NUL_CHARACTER, "U+0000");
	chat_build_string(build, CHAT_SLOT_TEXT, "hi");
	chat_build_string(build, CHAT_SLOT_SENDER, "alice");
	fails(build, CHAT_BAD_MESSAGE, "a text has no sender");
	chat_build_string(build, CHAT_SLOT_TEXT, "hi");
	chat_build_integer(build, (enum chat_slot)INT_MAX, 1);
	fails(build, CHAT_BAD_MESSAGE, "a slot that there is not");
	chat_build_string(build, CHAT_SLOT_TEXT, "hi");
	chat_build_integer(build, CHAT_SLOT_TEXT, 1);
	ok(!chat_build_line(build, &err), "a number in place of a string");
	is_str(err.field, "/text", "is named");
	chat_build_json(build, CHAT_SLOT_TEXT, CHAT_SPAN("\"x\"}{"));
	fails(build, CHAT_TRAILING_DATA, "JSON that ends the object");
	chat_build_json(build, CHAT_SLOT_TEXT, CHAT_SPAN("\"x\",\"more\":1"));
	fails(build, CHAT_TRAILING_DATA, "JSON that adds a property");
	chat_build_json(build, CHAT_SLOT_TEXT, CHAT_SPAN("\"\xFF\""));
	fails(build, CHAT_BAD_UTF8, "JSON that is not UTF-8");
	chat_build_free(build);
}

static void
test_every_code_point(void)
{
	struct chat_build *build = chat_build_new(CHAT_TYPE_TEXT);
	size_t wrong = 0;

	for (uint32_t point = 1; point < 0x110000; point += point < 0x3000 ? 1 : 97) {
		char bytes[5] = "", *line, *back;
		struct chat_msg msg;

		if (point >= 0xD800 && point < 0xE000)
			continue;
		bytes[chat_utf8_encode(bytes, point)] = '\0';
		chat_build_string(build, CHAT_SLOT_TEXT, bytes);
		line = chat_build_line(build, NULL);
		if (!line || chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_CLIENT, NULL) < 0)
			abort();
		back = chat_msg_get_string(&msg, CHAT_SLOT_TEXT);
		wrong += strcmp(back, bytes) != 0;
		free(back);
		free(line);
	}
	is_int(wrong, 0, "every kind of code point comes back");
	chat_build_free(build);
}

int
main(void)
{
	test_messages();
	test_errors();
	test_every_code_point();
	return done();
}
