/*
 * Prints the table of rules as a JSON Schema, for people who check messages with other validators.
 * The schema selects the rules by if/then on the type, so that a validator reports errors by the
 * rules of this type only.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/rules.h"
#include "message/user_id.h"
#include "text/buf.h"

/* A pattern for the form that chat_base64_check() accepts. */
#define BASE64_GROUP "[A-Za-z0-9+/]"
#define BASE64_PATTERN \
	"^(?:" BASE64_GROUP "{4})*(?:" BASE64_GROUP "{2}(?:==)?|" BASE64_GROUP "{3}=?)?$"

static void
put(cJSON *object, const char *name, cJSON *value)
{
	if (!cJSON_AddItemToObject(object, name, chat_need(value)))
		chat_out_of_memory();
}

static void
put_string(cJSON *object, const char *name, const char *value)
{
	chat_need(cJSON_AddStringToObject(object, name, value));
}

static void
append(cJSON *array, cJSON *value)
{
	if (!cJSON_AddItemToArray(array, chat_need(value)))
		chat_out_of_memory();
}

static void
put_ref(cJSON *object, const char *message)
{
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%s", message);
	put_string(object, "$ref", ref);
}

static const char *
kind_word(enum chat_rule_kind kind)
{
	static const char *const words[] = {
		[CHAT_RULE_STRING] = "string",
		[CHAT_RULE_INTEGER] = "integer",
		[CHAT_RULE_BOOLEAN] = "boolean",
		[CHAT_RULE_OBJECT] = "object",
		[CHAT_RULE_ARRAY] = "array",
		[CHAT_RULE_WORDS] = "array",
	};

	return words[kind];
}

static cJSON *shape_schema(const struct chat_shape *shape, const char *about);

/* Returns the message type with this shape, or NULL if it is not the shape of a message. */
static const struct chat_rules_type *
find_message(const struct chat_shape *shape)
{
	for (int type = 0; type < CHAT_TYPES; type++)
		if (&chat_rules[type].shape == shape)
			return &chat_rules[type];
	return NULL;
}

static cJSON *
items_schema(const struct chat_shape *shape)
{
	const struct chat_rules_type *message = find_message(shape);
	cJSON *schema;

	if (!message)
		return shape_schema(shape, NULL);
	schema = chat_need(cJSON_CreateObject());
	put_ref(schema, message->word);
	return schema;
}

static void
put_limits(cJSON *schema, const struct chat_rule *rule)
{
	bool string = rule->kind == CHAT_RULE_STRING;

	if (string ? rule->min > 0 : rule->has_min)
		put(schema, string ? "minLength" : "minimum",
			cJSON_CreateNumber((double)rule->min));
	if (rule->max > 0)
		put(schema, string ? "maxLength" : "maximum",
			cJSON_CreateNumber((double)rule->max));
	if (rule->format == CHAT_FORMAT_WORD)
		put_string(schema, "const", rule->word);
	else if (rule->format == CHAT_FORMAT_ID)
		put_string(schema, "pattern", CHAT_USER_ID_PATTERN);
	else if (rule->format == CHAT_FORMAT_BASE64)
		put_string(schema, "pattern", BASE64_PATTERN);
}

static cJSON *
described(const struct chat_rule *rule)
{
	cJSON *schema = chat_need(cJSON_CreateObject());

	put_string(schema, "description", rule->about);
	return schema;
}

/* Describes an additional property with its members, without constraints. */
static cJSON *
addition_schema(const struct chat_rule *rule)
{
	cJSON *schema = described(rule), *properties;

	if (rule->kind != CHAT_RULE_OBJECT || !rule->shape)
		return schema;
	properties = chat_need(cJSON_CreateObject());
	for (size_t i = 0; i < rule->shape->count; i++)
		put(properties, rule->shape->rules[i].name.at, described(&rule->shape->rules[i]));
	put(schema, "properties", properties);
	return schema;
}

static cJSON *
rule_schema(const struct chat_rule *rule)
{
	cJSON *schema;

	if (rule->addition)
		return addition_schema(rule);
	if (rule->kind == CHAT_RULE_OBJECT && rule->shape)
		return shape_schema(rule->shape, rule->about);
	schema = described(rule);
	put_string(schema, "type", kind_word(rule->kind));
	put_limits(schema, rule);
	if (rule->kind == CHAT_RULE_ARRAY)
		put(schema, "items", items_schema(rule->shape));
	return schema;
}

static cJSON *
shape_schema(const struct chat_shape *shape, const char *about)
{
	cJSON *schema = chat_need(cJSON_CreateObject());
	cJSON *required = chat_need(cJSON_CreateArray());
	cJSON *properties = chat_need(cJSON_CreateObject());

	if (about)
		put_string(schema, "description", about);
	put_string(schema, "type", "object");
	for (size_t i = 0; i < shape->count; i++) {
		const struct chat_rule *rule = &shape->rules[i];

		put(properties, rule->name.at, rule_schema(rule));
		if (rule->required)
			append(required, cJSON_CreateString(rule->name.at));
	}
	put(schema, "required", required);
	put(schema, "properties", properties);
	return schema;
}

/* Requires a type with this value; keyword is "const" for one value, "enum" for an array. */
static void
put_type(cJSON *schema, const char *keyword, cJSON *value)
{
	cJSON *properties = chat_need(cJSON_CreateObject());
	cJSON *type = chat_need(cJSON_CreateObject());
	cJSON *required = chat_need(cJSON_CreateArray());

	put(type, keyword, value);
	put(properties, "type", type);
	append(required, cJSON_CreateString("type"));
	put(schema, "required", required);
	put(schema, "properties", properties);
}

/* Returns an if/then: if the message has this type, the rules of the type apply. */
static cJSON *
branch_schema(const char *word)
{
	cJSON *schema = chat_need(cJSON_CreateObject());
	cJSON *condition = chat_need(cJSON_CreateObject());
	cJSON *then = chat_need(cJSON_CreateObject());

	put_type(condition, "const", cJSON_CreateString(word));
	put_ref(then, word);
	put(schema, "if", condition);
	put(schema, "then", then);
	return schema;
}

/* Returns a schema that requires a member of this name. */
static cJSON *
has_schema(const char *name)
{
	cJSON *schema = chat_need(cJSON_CreateObject());
	cJSON *required = chat_need(cJSON_CreateArray());

	append(required, cJSON_CreateString(name));
	put(schema, "required", required);
	return schema;
}

/* Returns the rules for objects without a type: those of text if they have `text`, else of file. */
static cJSON *
untyped_schema(void)
{
	cJSON *schema = chat_need(cJSON_CreateObject());
	cJSON *meant = chat_need(cJSON_CreateObject());
	cJSON *text = chat_need(cJSON_CreateObject()), *file = chat_need(cJSON_CreateObject());

	put_ref(text, chat_rules[CHAT_TYPE_TEXT].word);
	put_ref(file, chat_rules[CHAT_TYPE_FILE].word);
	put(meant, "if", has_schema("text"));
	put(meant, "then", text);
	put(meant, "else", file);
	put(schema, "if", has_schema("type"));
	put(schema, "else", meant);
	return schema;
}

/* Makes the type optional: removes it from the list of required members, where it is the first. */
static void
free_type(cJSON *schema)
{
	cJSON_DeleteItemFromArray(cJSON_GetObjectItemCaseSensitive(schema, "required"), 0);
}

/* Changes a schema so that it also accepts objects without a type. */
static void
allow_untyped(cJSON *schema)
{
	cJSON *definition;

	free_type(schema);
	cJSON_ArrayForEach(definition, cJSON_GetObjectItemCaseSensitive(schema, "$defs"))
		free_type(definition);
	append(cJSON_GetObjectItemCaseSensitive(schema, "allOf"), untyped_schema());
}

char *
chat_rules_schema(enum chat_direction from)
{
	cJSON *words = chat_need(cJSON_CreateArray());
	cJSON *branches = chat_need(cJSON_CreateArray());
	cJSON *definitions = chat_need(cJSON_CreateObject());
	cJSON *schema = chat_need(cJSON_CreateObject());
	char *text;

	for (int type = 0; type < CHAT_TYPES; type++) {
		const struct chat_rules_type *rules = &chat_rules[type];

		if (!chat_rules_allow((enum chat_type)type, from))
			continue;
		append(words, cJSON_CreateString(rules->word));
		append(branches, branch_schema(rules->word));
		put(definitions, rules->word, shape_schema(&rules->shape, rules->about));
	}
	put_string(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_string(schema, "title", "Chat WebSocket API 1.0.0");
	put_string(schema, "type", "object");
	put_type(schema, "enum", words);
	put(schema, "allOf", branches);
	put(schema, "$defs", definitions);
	if (from == CHAT_FROM_INPUT)
		allow_untyped(schema);
	text = chat_need(cJSON_Print(schema));
	cJSON_Delete(schema);
	return text;
}
