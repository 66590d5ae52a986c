/*
 * Prints the table of rules as a JSON Schema, for people who check messages with other validators.
 * The schema selects the rules by if/then on the type, so that a validator reports errors by the
 * rules of this type only.
 */
#include <stdio.h>

#include "message/rules.h"
#include "message/user_id.h"
#include "text/json_quote.h"

/* A pattern for the form that chat_base64_check() accepts. */
#define BASE64_GROUP "[A-Za-z0-9+/]"
#define BASE64_PATTERN \
	"^(?:" BASE64_GROUP "{4})*(?:" BASE64_GROUP "{2}(?:==)?|" BASE64_GROUP "{3}=?)?$"

/* The schema as it is written, one member or element on a line. */
struct schema {
	struct chat_buf text;
	int depth; /* of open objects and arrays */
	bool first; /* nothing was written since the innermost was opened */
	bool untyped; /* messages without a type are accepted: no list requires it */
};

/* ---- JSON ---- */

static void
put_line(struct schema *schema)
{
	chat_buf_printf(&schema->text, "\n%*s", 2 * schema->depth, "");
}

/* Begins a member, or an element if name is NULL. */
static void
put_name(struct schema *schema, const char *name)
{
	if (!schema->first)
		chat_buf_append(&schema->text, ",", 1);
	if (schema->depth > 0)
		put_line(schema);
	schema->first = false;
	if (!name)
		return;
	chat_json_quote(&schema->text, chat_span_of(name));
	chat_buf_append_string(&schema->text, ": ");
}

/* Opens the object '{' or the array '['. */
static void
put_open(struct schema *schema, const char *name, char bracket)
{
	put_name(schema, name);
	chat_buf_append(&schema->text, &bracket, 1);
	schema->depth++;
	schema->first = true;
}

static void
put_close(struct schema *schema, char bracket)
{
	schema->depth--;
	if (!schema->first)
		put_line(schema);
	schema->first = false;
	chat_buf_append(&schema->text, &bracket, 1);
}

static void
put_string(struct schema *schema, const char *name, const char *value)
{
	put_name(schema, name);
	chat_json_quote(&schema->text, chat_span_of(value));
}

static void
put_number(struct schema *schema, const char *name, int64_t value)
{
	put_name(schema, name);
	chat_buf_printf(&schema->text, "%lld", (long long)value);
}

static void
put_ref(struct schema *schema, const char *message)
{
	char ref[64];

	snprintf(ref, sizeof(ref), "#/$defs/%s", message);
	put_string(schema, "$ref", ref);
}

/* ---- rules ---- */

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

static void put_shape(struct schema *schema, const struct chat_shape *shape, const char *about);

/* Returns the message type with this shape, or NULL if it is not the shape of a message. */
static const struct chat_rules_type *
find_message(const struct chat_shape *shape)
{
	for (int type = 0; type < CHAT_TYPES; type++)
		if (&chat_rules[type].shape == shape)
			return &chat_rules[type];
	return NULL;
}

static void
put_limits(struct schema *schema, const struct chat_rule *rule)
{
	bool string = rule->kind == CHAT_RULE_STRING;

	if (string ? rule->min > 0 : rule->has_min)
		put_number(schema, string ? "minLength" : "minimum", rule->min);
	if (rule->max > 0)
		put_number(schema, string ? "maxLength" : "maximum", rule->max);
	if (rule->format == CHAT_FORMAT_WORD)
		put_string(schema, "const", rule->word);
	else if (rule->format == CHAT_FORMAT_ID)
		put_string(schema, "pattern", CHAT_USER_ID_PATTERN);
	else if (rule->format == CHAT_FORMAT_BASE64)
		put_string(schema, "pattern", BASE64_PATTERN);
}

/* Describes the members of an additional property, without constraints. */
static void
put_addition(struct schema *schema, const struct chat_rule *rule)
{
	put_string(schema, "description", rule->about);
	if (rule->kind != CHAT_RULE_OBJECT || !rule->shape)
		return;
	put_open(schema, "properties", '{');
	for (size_t i = 0; i < rule->shape->count; i++) {
		put_open(schema, rule->shape->rules[i].name.at, '{');
		put_string(schema, "description", rule->shape->rules[i].about);
		put_close(schema, '}');
	}
	put_close(schema, '}');
}

static void
put_items(struct schema *schema, const struct chat_shape *shape)
{
	const struct chat_rules_type *message = find_message(shape);

	put_open(schema, "items", '{');
	if (message)
		put_ref(schema, message->word);
	else
		put_shape(schema, shape, NULL);
	put_close(schema, '}');
}

static void
put_rule(struct schema *schema, const struct chat_rule *rule)
{
	put_open(schema, rule->name.at, '{');
	if (rule->addition) {
		put_addition(schema, rule);
	} else if (rule->kind == CHAT_RULE_OBJECT && rule->shape) {
		put_shape(schema, rule->shape, rule->about);
	} else {
		put_string(schema, "description", rule->about);
		put_string(schema, "type", kind_word(rule->kind));
		put_limits(schema, rule);
		if (rule->kind == CHAT_RULE_ARRAY)
			put_items(schema, rule->shape);
	}
	put_close(schema, '}');
}

static void
put_shape(struct schema *schema, const struct chat_shape *shape, const char *about)
{
	bool message = find_message(shape) != NULL;

	if (about)
		put_string(schema, "description", about);
	put_string(schema, "type", "object");
	put_open(schema, "required", '[');
	for (size_t i = 0; i < shape->count; i++)
		if (shape->rules[i].required && !(message && i == 0 && schema->untyped))
			put_string(schema, NULL, shape->rules[i].name.at);
	put_close(schema, ']');
	put_open(schema, "properties", '{');
	for (size_t i = 0; i < shape->count; i++)
		put_rule(schema, &shape->rules[i]);
	put_close(schema, '}');
}

/* ---- types ---- */

/* Requires a member, in an object of its own: "if": {"required": ["type"]} */
static void
put_has(struct schema *schema, const char *name, const char *member)
{
	put_open(schema, name, '{');
	put_open(schema, "required", '[');
	put_string(schema, NULL, member);
	put_close(schema, ']');
	put_close(schema, '}');
}

/* An if/then: if the message has this type, the rules of the type apply. */
static void
put_branch(struct schema *schema, const char *word)
{
	put_open(schema, NULL, '{');
	put_open(schema, "if", '{');
	put_open(schema, "required", '[');
	put_string(schema, NULL, "type");
	put_close(schema, ']');
	put_open(schema, "properties", '{');
	put_open(schema, "type", '{');
	put_string(schema, "const", word);
	put_close(schema, '}');
	put_close(schema, '}');
	put_close(schema, '}');
	put_open(schema, "then", '{');
	put_ref(schema, word);
	put_close(schema, '}');
	put_close(schema, '}');
}

/* The rules for objects without a type: those of text if they have `text`, else of file. */
static void
put_untyped(struct schema *schema)
{
	put_open(schema, NULL, '{');
	put_has(schema, "if", "type");
	put_open(schema, "else", '{');
	put_has(schema, "if", "text");
	put_open(schema, "then", '{');
	put_ref(schema, chat_rules[CHAT_TYPE_TEXT].word);
	put_close(schema, '}');
	put_open(schema, "else", '{');
	put_ref(schema, chat_rules[CHAT_TYPE_FILE].word);
	put_close(schema, '}');
	put_close(schema, '}');
	put_close(schema, '}');
}

/* Requires a type of this direction, unless messages without one are accepted. */
static void
put_types(struct schema *schema, enum chat_direction from)
{
	put_open(schema, "required", '[');
	if (!schema->untyped)
		put_string(schema, NULL, "type");
	put_close(schema, ']');
	put_open(schema, "properties", '{');
	put_open(schema, "type", '{');
	put_open(schema, "enum", '[');
	for (int type = 0; type < CHAT_TYPES; type++)
		if (chat_rules_allow((enum chat_type)type, from))
			put_string(schema, NULL, chat_rules[type].word);
	put_close(schema, ']');
	put_close(schema, '}');
	put_close(schema, '}');
}

static void
put_definitions(struct schema *schema, enum chat_direction from)
{
	put_open(schema, "$defs", '{');
	for (int type = 0; type < CHAT_TYPES; type++) {
		if (!chat_rules_allow((enum chat_type)type, from))
			continue;
		put_open(schema, chat_rules[type].word, '{');
		put_shape(schema, &chat_rules[type].shape, chat_rules[type].about);
		put_close(schema, '}');
	}
	put_close(schema, '}');
}

char *
chat_rules_schema(enum chat_direction from)
{
	struct schema schema = {.first = true, .untyped = from == CHAT_FROM_INPUT};

	put_open(&schema, NULL, '{');
	put_string(&schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_string(&schema, "title", "Chat WebSocket API 1.0.0");
	put_string(&schema, "type", "object");
	put_types(&schema, from);
	put_open(&schema, "allOf", '[');
	for (int type = 0; type < CHAT_TYPES; type++)
		if (chat_rules_allow((enum chat_type)type, from))
			put_branch(&schema, chat_rules[type].word);
	if (schema.untyped)
		put_untyped(&schema);
	put_close(&schema, ']');
	put_definitions(&schema, from);
	put_close(&schema, '}');
	chat_buf_append(&schema.text, "", 1);
	return schema.text.at;
}
