/* The table of rules is complete and agrees with the specification. */
#include "message/rules.h"

#include <stdlib.h>

#include "tap.h"

static void
test_types(void)
{
	static const struct {
		const char *word;
		enum chat_direction from;
		const char *required; /* in order */
	} cases[CHAT_TYPES] = {
		[CHAT_TYPE_INIT] = {"init", CHAT_FROM_CLIENT, "type username id"},
		[CHAT_TYPE_TEXT] = {"text", CHAT_FROM_CLIENT, "type text"},
		[CHAT_TYPE_FILE] = {"file", CHAT_FROM_CLIENT, "type file"},
		[CHAT_TYPE_MESSAGE] = {"message", CHAT_FROM_SERVER,
			"type id sender content timestamp"},
		[CHAT_TYPE_ERROR] = {"error", CHAT_FROM_SERVER, "type code message"},
		[CHAT_TYPE_USER_DATA] = {"userData", CHAT_FROM_SERVER, "type users"},
		[CHAT_TYPE_USER_STATUS] = {"userStatus", CHAT_FROM_SERVER,
			"type userId username online"},
		[CHAT_TYPE_HISTORY] = {"history", CHAT_FROM_SERVER, "type messages"},
	};

	for (int type = 0; type < CHAT_TYPES; type++) {
		const struct chat_rules_type *rules = &chat_rules[type];
		char required[128] = "";

		is_int(rules->type, type, "%s is at its index", cases[type].word);
		is_str(rules->word, cases[type].word, "%s is its word", cases[type].word);
		is_int(rules->from, cases[type].from, "%s: who says it", cases[type].word);
		for (size_t i = 0; i < rules->shape.count; i++) {
			if (!rules->shape.rules[i].required)
				continue;
			if (required[0])
				strcat(required, " ");
			strcat(required, rules->shape.rules[i].name.at);
		}
		is_str(required, cases[type].required, "%s: what it needs", cases[type].word);
		is_int(chat_type_find(chat_span_of(cases[type].word)), type, "%s is found",
			cases[type].word);
	}
	is_int(chat_type_find(CHAT_SPAN("")), CHAT_TYPE_UNKNOWN, "no word is no type");
	is_int(chat_type_find(CHAT_SPAN("Text")), CHAT_TYPE_UNKNOWN, "case matters");
	is_int(chat_type_find(CHAT_SPAN("texts")), CHAT_TYPE_UNKNOWN, "every letter counts");
}

/* Checks what msg.c assumes about a shape and the shapes inside it. */
static void
test_shape(const struct chat_shape *shape, const char *where)
{
	uint64_t slots = 0;

	ok(shape->count <= 32, "%s: a bit for each rule", where);
	for (size_t i = 0; i < shape->count; i++) {
		const struct chat_rule *rule = &shape->rules[i];

		ok(rule->name.len == strlen(rule->name.at) && rule->name.len <= 16,
			"%s/%s: a name that a decoded key can be compared with", where,
			rule->name.at);
		ok(chat_shape_find(shape, rule->name) == rule, "%s/%s is found", where,
			rule->name.at);
		ok(rule->about != NULL, "%s/%s says what it is", where, rule->name.at);
		ok(!(rule->required && rule->addition && !rule->shape),
			"%s/%s: no addition is required", where, rule->name.at);
		ok(rule->slot == CHAT_SLOT_NONE || !(slots >> rule->slot & 1),
			"%s/%s: a slot of its own", where, rule->name.at);
		ok((rule->format == CHAT_FORMAT_WORD) == (rule->word != NULL),
			"%s/%s: a word where one is asked for", where, rule->name.at);
		if (rule->unless)
			ok(chat_shape_find(shape, chat_span_of(rule->unless)) != NULL,
				"%s/%s: its excuse exists", where, rule->name.at);
		if (rule->kind == CHAT_RULE_ARRAY)
			ok(rule->shape != NULL, "%s/%s: its elements are known", where,
				rule->name.at);
		slots |= UINT64_C(1) << rule->slot;
		if (rule->shape)
			test_shape(rule->shape, rule->name.at);
	}
}

static const struct chat_rule *
rule(enum chat_type type, const char *name)
{
	return chat_shape_find(&chat_rules[type].shape, chat_span_of(name));
}

static void
test_limits(void)
{
	const struct chat_shape *file = rule(CHAT_TYPE_FILE, "file")->shape;
	const struct chat_rule *size = chat_shape_find(file, CHAT_SPAN("size"));

	is_int(rule(CHAT_TYPE_INIT, "username")->min, 3, "a username has 3 characters");
	is_int(rule(CHAT_TYPE_INIT, "username")->max, 20, "to 20");
	is_int(rule(CHAT_TYPE_INIT, "id")->format, CHAT_FORMAT_ID, "an id has a pattern");
	is_int(rule(CHAT_TYPE_TEXT, "text")->min, 1, "a text has 1 character");
	is_int(rule(CHAT_TYPE_TEXT, "text")->max, 1000, "to 1,000");
	ok(size->has_min && size->min == 1, "a file has a byte");
	is_int(chat_shape_find(file, CHAT_SPAN("data"))->format, CHAT_FORMAT_BASE64,
		"and comes in base64");
}

static void
test_schema(void)
{
	char *client = chat_rules_schema(CHAT_FROM_CLIENT);
	char *any = chat_rules_schema(CHAT_FROM_ANY);

	ok(strstr(client, "https://json-schema.org/draft/2020-12/schema") != NULL,
		"the schema says which kind it is");
	ok(strstr(client, "\"init\"") && !strstr(client, "\"userData\""),
		"of clients, it describes what they say");
	ok(strstr(any, "\"init\"") && strstr(any, "\"userData\""), "of anyone, everything");
	free(client);
	free(any);
}

int
main(void)
{
	test_types();
	for (int type = 0; type < CHAT_TYPES; type++)
		test_shape(&chat_rules[type].shape, chat_rules[type].word);
	test_limits();
	test_schema();
	return done();
}
