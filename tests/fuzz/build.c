/*
 * Any bytes as the values of a message, through the public interface alone: what is built is a
 * message that strict checking reads, with the same values; else there is an error. Each value is a
 * byte for its slot, one for its kind, one for its length, and its bytes.
 */
#include <chat/build.h>
#include <chat/msg.h>
#include <stdlib.h>

#include "fuzz.h"

static void
set(struct chat_build *build, enum chat_slot slot, unsigned kind, struct chat_span bytes)
{
	int64_t number = 0;
	char *string;

	memcpy(&number, bytes.at, bytes.len < sizeof(number) ? bytes.len : sizeof(number));
	switch (kind % 6) {
	case 0:
		chat_build_text(build, slot, bytes);
		return;
	case 1:
		chat_build_integer(build, slot, number);
		return;
	case 2:
		chat_build_boolean(build, slot, number & 1);
		return;
	case 3:
		chat_build_json(build, slot, bytes);
		return;
	case 4:
		chat_build_file(build, "name", "text/plain", bytes.at, bytes.len);
		return;
	default:
		string = calloc(1, bytes.len + 1);
		memcpy(string, bytes.at, bytes.len);
		chat_build_string(build, slot, string);
		free(string);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum chat_type type = size ? (enum chat_type)(data[0] % CHAT_TYPES) : CHAT_TYPE_TEXT;
	struct chat_build *build = chat_build_new(type);
	struct chat_span last = {NULL, 0};
	struct chat_msg msg;
	struct chat_err err = {.code = CHAT_OK};
	char *line, *text;

	for (size_t at = 1; at + 3 <= size;) {
		size_t len = data[at + 2] < size - at - 3 ? data[at + 2] : size - at - 3;
		struct chat_span bytes = {(const char *)data + at + 3, len};

		if (data[at] == CHAT_SLOT_TEXT)
			last = data[at + 1] % 6 == 0 ? bytes : chat_span_make(NULL, 0);
		set(build, (enum chat_slot)data[at], data[at + 1], bytes);
		at += 3 + len;
	}
	line = chat_build_line(build, &err);
	need(line ? err.code == CHAT_OK : err.code != CHAT_OK && err.text[0]);
	if (line) {
		need(chat_msg_read(&msg, chat_span_of(line), CHAT_FROM_ANY, NULL) == 0);
		need(msg.type == type && !strchr(line, '\n'));
		text = chat_msg_get_string(&msg, CHAT_SLOT_TEXT);
		if (text && last.at)
			need(chat_span_equal(chat_span_of(text), last));
		free(text);
	}
	free(line);
	chat_build_free(build);
	return 0;
}
