/*
 * Any bytes as a line. The first byte chooses the direction and strictness. Reading and checking
 * agree, findings are in order and lie inside the line, and a message has the values that its rules
 * require.
 */
#include "chat/msg.h"

#include <stdlib.h>

#include "fuzz.h"
#include "message/rules.h"
#include "text/utf8.h"

struct seen {
	struct chat_span line;
	size_t last;
	unsigned count;
	struct chat_err first, latest;
};

static void
see(void *arg, const struct chat_err *finding)
{
	struct seen *seen = arg;

	need(finding->offset <= seen->line.len && finding->offset >= seen->last);
	need(finding->text[0] && finding->code != CHAT_OK);
	need(chat_utf8_check(finding->text, strlen(finding->text)) == strlen(finding->text));
	if (seen->count++ == 0)
		seen->first = *finding;
	seen->latest = *finding;
	seen->last = finding->offset;
}

static bool
is_same(const struct chat_err *a, const struct chat_err *b)
{
	return a->code == b->code && a->offset == b->offset && strcmp(a->field, b->field) == 0 &&
		strcmp(a->text, b->text) == 0;
}

/* Checks that each value of the message has the kind and the length that its rule requires. */
static void
check_values(const struct chat_msg *msg, struct chat_span line)
{
	const struct chat_shape *shape = &chat_rules[msg->type].shape;

	need(msg->line.at >= line.at && msg->line.at + msg->line.len <= line.at + line.len);
	need(msg->line.at[0] == '{' && msg->line.at[msg->line.len - 1] == '}');
	for (size_t i = 0; i < shape->count; i++) {
		const struct chat_rule *rule = &shape->rules[i];
		const struct chat_json_value *value = &msg->value[rule->slot];

		need(!rule->required || chat_msg_has(msg, rule->slot));
		if (!chat_msg_has(msg, rule->slot))
			continue;
		need(value->raw.at > line.at &&
			value->raw.at + value->raw.len < line.at + line.len);
		if (rule->kind == CHAT_RULE_STRING) {
			char *string = chat_msg_string(value);

			need(chat_utf8_count(string, strlen(string)) == value->points);
			need(value->points >= (uint64_t)rule->min);
			need(rule->max == 0 || value->points <= (uint64_t)rule->max);
			free(string);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum chat_direction from = size ? data[0] % 3 + 1 : CHAT_FROM_ANY;
	bool strict = size && data[0] & 0x10;
	struct seen seen = {.line = {(const char *)data + (size > 0), size - (size > 0)}};
	struct seen strictly = {.line = seen.line};
	struct chat_msg msg;
	struct chat_err err = {0};
	int result = chat_msg_read(&msg, seen.line, from, &err);

	if (result == 0) {
		need(chat_rules[msg.type].from & from);
		check_values(&msg, seen.line);
	}
	need(chat_msg_check(&msg, seen.line, from, false, see, &seen) == seen.count);
	need((seen.count == 0) == (result == 0));
	need(result == 0 || err.code == CHAT_BAD_UTF8 || is_same(&err, &seen.first) ||
		is_same(&err, &seen.latest));
	if (strict) {
		chat_msg_check(NULL, seen.line, from, true, see, &strictly);
		need(strictly.count >= seen.count);
	}
	return 0;
}
