/*
 * Finds the type of a message. msg.c calls it before it reads the object, because the type decides
 * which rules apply, and `type` may be any member of the object.
 */
#include "message/reader.h"
#include "message/rules.h"
#include "text/span.h"

int
chat_reader_find_type(struct chat_reader *reader, struct chat_json_value *type)
{
	struct chat_json json = reader->json;
	struct chat_json_value key;
	bool first;
	int more;

	if (chat_json_enter(&json, &first, &reader->err))
		return -1;
	while ((more = chat_json_member(&json, &first, &key, &reader->err)) > 0) {
		if (chat_json_read(&json, type, &reader->err))
			return -1;
		if (chat_json_string_is(&key, CHAT_SPAN("type")))
			return 1;
	}
	return more;
}

/* Writes the words of the types that `from` may send into out, separated by commas. */
static void
list_types(char *out, size_t size, enum chat_direction from)
{
	char *at = out, *end = out + size - 1;

	for (int type = 0; type < CHAT_TYPES; type++) {
		if (!chat_rules_allow((enum chat_type)type, from))
			continue;
		if (at > out)
			at = chat_span_put(at, end, CHAT_SPAN(", "));
		at = chat_span_put(at, end, chat_span_of(chat_rules[type].word));
	}
	*at = '\0';
}

enum chat_type
chat_reader_check_type(
	struct chat_reader *reader, const struct chat_json_value *value, enum chat_direction from)
{
	struct chat_place place = {.name = CHAT_SPAN("type")};
	enum chat_type type;
	char word[16]; /* every type fits */
	char known[96];

	if (value->kind != CHAT_JSON_STRING) {
		chat_findings_printf(&reader->findings, &place, value->raw.at, CHAT_BAD_MESSAGE,
			"expected string, got %s", chat_json_kind_word(value->kind));
		return CHAT_TYPE_UNKNOWN;
	}
	type = chat_type_find(chat_short_string(value, word, sizeof(word)));
	if (type != CHAT_TYPE_UNKNOWN && chat_rules_allow(type, from))
		return type;
	list_types(known, sizeof(known), from);
	if (type == CHAT_TYPE_UNKNOWN)
		chat_findings_printf(&reader->findings, &place, value->raw.at, CHAT_UNKNOWN_TYPE,
			"expected one of %s", known);
	else if (type == CHAT_TYPE_INIT && from == CHAT_FROM_INPUT)
		chat_findings_printf(&reader->findings, &place, value->raw.at, CHAT_UNKNOWN_TYPE,
			"chat-send says \"init\" by itself; expected one of %s", known);
	else
		chat_findings_printf(&reader->findings, &place, value->raw.at, CHAT_UNKNOWN_TYPE,
			"only a %s says \"%s\"; expected one of %s",
			chat_rules[type].from == CHAT_FROM_CLIENT ? "client" : "server",
			chat_rules[type].word, known);
	return CHAT_TYPE_UNKNOWN;
}

enum chat_type
chat_reader_guess_type(const struct chat_reader *reader)
{
	struct chat_json json = reader->json;
	struct chat_json_value key, value;
	bool first, file = false;

	if (chat_json_enter(&json, &first, NULL))
		return CHAT_TYPE_UNKNOWN;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_string_is(&key, CHAT_SPAN("text")))
			return CHAT_TYPE_TEXT;
		file |= chat_json_string_is(&key, CHAT_SPAN("file"));
		if (chat_json_read(&json, &value, NULL))
			break;
	}
	return file ? CHAT_TYPE_FILE : CHAT_TYPE_UNKNOWN;
}
