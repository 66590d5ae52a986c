/*
 * Any bytes as a line, through the public interface alone: reading and checking agree, and what a
 * message has can be read as strings, numbers and bytes.
 */
#include <chat/msg.h>
#include <stdlib.h>

#include "fuzz.h"

static void
count(void *arg, const struct chat_err *finding)
{
	need(finding->text[0] && chat_code_word(finding->code)[0]);
	++*(int *)arg;
}

static void
read_values(const struct chat_msg *msg)
{
	for (int slot = 0; slot < CHAT_SLOTS; slot++) {
		char *string = chat_msg_get_string(msg, (enum chat_slot)slot);
		int64_t number;
		bool boolean;
		int kinds = string != NULL;

		kinds += chat_msg_get_integer(msg, (enum chat_slot)slot, &number);
		kinds += chat_msg_get_boolean(msg, (enum chat_slot)slot, &boolean);
		need(kinds <= chat_msg_has(msg, (enum chat_slot)slot));
		free(string);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum chat_direction from = size ? (enum chat_direction)(data[0] % 4 + 1) : CHAT_FROM_ANY;
	struct chat_span line = {(const char *)data + (size > 0), size - (size > 0)};
	struct chat_msg *msg = chat_msg_new();
	int found = 0, strictly = 0;
	size_t bytes;
	void *file;

	if (chat_msg_read(msg, line, from, NULL) == 0) {
		need(chat_type_find(chat_span_of(chat_type_word(chat_msg_type(msg)))) == msg->type);
		read_values(msg);
		file = chat_msg_file(msg, &bytes, NULL);
		need(!file == !chat_msg_has(msg, CHAT_SLOT_FILE_DATA));
		free(file);
		need(chat_msg_check(NULL, line, from, 0, count, &found) == 0 && found == 0);
	} else {
		need(chat_msg_check(NULL, line, from, 0, count, &found) == found && found > 0);
	}
	need(chat_msg_check(msg, line, from, CHAT_MSG_STRICT, count, &strictly) == strictly);
	need(strictly >= found);
	chat_msg_free(msg);
	return 0;
}
