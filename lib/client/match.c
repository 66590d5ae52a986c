/* The message that was sent, compared with the one that came back. */
#include "client/match.h"

#include <stdlib.h>
#include <string.h>

#include "text/json_strdup.h"

bool
chat_match_string(const struct chat_json_value *a, const struct chat_json_value *b)
{
	char *string;
	size_t len;
	bool equal;

	if (!a->escaped)
		return chat_json_string_is(b, chat_json_inside(a));
	string = chat_alloc(a->raw.len);
	len = chat_json_unescape(a, string, a->raw.len);
	equal = chat_json_string_is(b, (struct chat_span){string, len});
	free(string);
	return equal;
}

static bool
slot_equal(const struct chat_msg *a, const struct chat_msg *b, enum chat_slot slot)
{
	return chat_msg_has(a, slot) && chat_msg_has(b, slot) &&
		chat_match_string(&a->value[slot], &b->value[slot]);
}

/* Compares the sizes of two files. */
static bool
size_equal(const struct chat_msg *a, const struct chat_msg *b)
{
	int64_t size_a, size_b;

	if (chat_span_equal(a->value[CHAT_SLOT_FILE_SIZE].raw, b->value[CHAT_SLOT_FILE_SIZE].raw))
		return true;
	return chat_json_int64(a->value[CHAT_SLOT_FILE_SIZE].raw, &size_a) &&
		chat_json_int64(b->value[CHAT_SLOT_FILE_SIZE].raw, &size_b) && size_a == size_b;
}

/* Reads the draft of a file again. */
static void
read_file(const struct draft *draft, struct chat_msg *sent)
{
	sent->has = 0;
	chat_msg_read(sent, (struct chat_span){draft->body, draft->len}, CHAT_FROM_CLIENT, NULL);
}

static bool
says_file(const struct draft *draft, const struct chat_msg *msg)
{
	struct chat_msg sent;

	read_file(draft, &sent);
	return slot_equal(&sent, msg, CHAT_SLOT_FILE_NAME) &&
		slot_equal(&sent, msg, CHAT_SLOT_FILE_TYPE) && size_equal(&sent, msg) &&
		(!chat_msg_has(msg, CHAT_SLOT_FILE_DATA) ||
			slot_equal(&sent, msg, CHAT_SLOT_FILE_DATA));
}

static bool
answers_the_same(const struct draft *draft, const struct chat_msg *msg, bool server_copies)
{
	if (chat_msg_has(msg, CHAT_SLOT_REPLY_TO))
		return draft->has_reply_to &&
			chat_match_string(&draft->reply_to, &msg->value[CHAT_SLOT_REPLY_TO]);
	return !draft->has_reply_to || !server_copies;
}

bool
chat_match_message(
	const struct draft *draft, const struct chat_msg *msg, bool server_copies_reply_to)
{
	bool has_file = chat_msg_has(msg, CHAT_SLOT_FILE);

	if (has_file != (draft->type == CHAT_TYPE_FILE) ||
		!answers_the_same(draft, msg, server_copies_reply_to))
		return false;
	return has_file ? says_file(draft, msg)
			: chat_match_string(&draft->text, &msg->value[CHAT_SLOT_CONTENT]);
}

bool
chat_match_echo(const struct draft *draft, const struct chat_msg *msg)
{
	struct chat_msg sent;
	char *name, *content;
	bool named;

	if (draft->type != CHAT_TYPE_FILE)
		return chat_match_string(&draft->text, &msg->value[CHAT_SLOT_CONTENT]);
	if (chat_msg_has(msg, CHAT_SLOT_FILE))
		return says_file(draft, msg);
	read_file(draft, &sent);
	name = chat_json_strdup(&sent.value[CHAT_SLOT_FILE_NAME]);
	content = chat_json_strdup(&msg->value[CHAT_SLOT_CONTENT]);
	named = strstr(content, name) != NULL;
	free(name);
	free(content);
	return named;
}
