/*
 * Builds messages for other people's programs. The values are kept as JSON, by slot, and written in
 * the order of the table of rules, which is the form that readers are fastest with. The finished
 * line is read again, so that what is built is valid.
 */
#include "chat/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/base64.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/utf8.h"
#include "message/rules.h"
#include "text/err.h"

struct chat_build {
	enum chat_type type;
	struct chat_span value[CHAT_SLOTS]; /* JSON; owned; its .at is NULL if there is none */
	struct chat_err err; /* the first error; its code is CHAT_OK if there is none */
};

struct chat_build *
chat_build_new(enum chat_type type)
{
	struct chat_build *build = NULL;

	if ((unsigned)type < CHAT_TYPES)
		build = calloc(1, sizeof(*build));
	if (build)
		build->type = type;
	return build;
}

static void
clear(struct chat_build *build)
{
	for (size_t slot = 0; slot < CHAT_SLOTS; slot++)
		free((char *)build->value[slot].at);
	memset(build->value, 0, sizeof(build->value));
	build->err.code = CHAT_OK;
}

void
chat_build_free(struct chat_build *build)
{
	if (!build)
		return;
	clear(build);
	free(build);
}

/* ---- values ---- */

/* Returns the rule of a slot in a shape or in its objects, or NULL. */
static const struct chat_rule *
find_rule(const struct chat_shape *shape, enum chat_slot slot)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct chat_rule *rule = &shape->rules[i];

		if (rule->kind == CHAT_RULE_OBJECT && rule->shape && rule->slot != slot)
			rule = find_rule(rule->shape, slot);
		if (rule && rule->slot == slot)
			return rule;
	}
	return NULL;
}

static void
fail_memory(struct chat_build *build)
{
	chat_fail(&build->err, CHAT_NO_MEMORY, "out of memory");
}

/*
 * Returns memory of len bytes for the JSON of a slot, which the caller must write, or NULL after an
 * error.
 */
static char *
make_value(struct chat_build *build, enum chat_slot slot, size_t len)
{
	char *made;

	if (build->err.code != CHAT_OK)
		return NULL;
	if ((unsigned)slot >= CHAT_SLOTS || !find_rule(&chat_rules[build->type].shape, slot)) {
		chat_fail(&build->err, CHAT_BAD_MESSAGE, "a %s does not have property %d",
			chat_type_word(build->type), (int)slot);
		return NULL;
	}
	made = malloc(len ? len : 1);
	if (!made) {
		fail_memory(build);
		return NULL;
	}
	free((char *)build->value[slot].at);
	build->value[slot] = (struct chat_span){made, len};
	return made;
}

static void
set_value(struct chat_build *build, enum chat_slot slot, struct chat_span json)
{
	char *to = make_value(build, slot, json.len);

	if (to)
		memcpy(to, json.at, json.len);
}

/* Returns 0 if the text is one JSON value, else -1. */
static int
check_json(struct chat_span text, struct chat_err *err)
{
	struct chat_json_value value;
	struct chat_json json;

	if (chat_utf8_check(text.at, text.len) < text.len)
		return chat_fail(err, CHAT_BAD_UTF8, "a byte that is not UTF-8");
	chat_json_begin(&json, text);
	return chat_json_read(&json, &value, err) || chat_json_end(&json, err) ? -1 : 0;
}

void
chat_build_json(struct chat_build *build, enum chat_slot slot, struct chat_span json)
{
	if (build->err.code == CHAT_OK && check_json(json, &build->err) == 0)
		set_value(build, slot, json);
}

void
chat_build_integer(struct chat_build *build, enum chat_slot slot, int64_t value)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)value);

	set_value(build, slot, (struct chat_span){digits, (size_t)len});
}

void
chat_build_boolean(struct chat_build *build, enum chat_slot slot, bool value)
{
	set_value(build, slot, value ? CHAT_SPAN("true") : CHAT_SPAN("false"));
}

/* Returns the letter after the backslash of a short escape, 'u' for a long one, or 0 for none. */
static char
escape_of(unsigned char byte)
{
	static const char letters[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

	if (byte == '"' || byte == '\\')
		return (char)byte;
	if (byte >= 0x20)
		return 0;
	return letters[byte] ? letters[byte] : 'u';
}

static char *
put_escaped(char *to, struct chat_span text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.at[i];
		char escape = escape_of(byte);

		if (escape)
			*to++ = '\\';
		*to++ = escape ? escape : (char)byte;
		if (escape == 'u') {
			*to++ = '0';
			*to++ = '0';
			*to++ = digits[byte >> 4];
			*to++ = digits[byte & 0xF];
		}
	}
	return to;
}

static size_t
escaped_len(struct chat_span text)
{
	size_t len = text.len;

	for (size_t i = 0; i < text.len; i++) {
		char escape = escape_of((unsigned char)text.at[i]);

		len += escape == 'u' ? 5 : escape != 0;
	}
	return len;
}

/* Returns the error of a text that no message can have, or CHAT_OK. */
static enum chat_code
text_error(struct chat_span text)
{
	if (chat_utf8_check(text.at, text.len) < text.len)
		return CHAT_BAD_UTF8;
	return text.len > 0 && memchr(text.at, '\0', text.len) ? CHAT_NUL_CHARACTER : CHAT_OK;
}

void
chat_build_text(struct chat_build *build, enum chat_slot slot, struct chat_span text)
{
	enum chat_code code = text_error(text);
	char *to;

	if (code != CHAT_OK && build->err.code == CHAT_OK)
		chat_fail(&build->err, code, "%s",
			code == CHAT_BAD_UTF8 ? "a byte that is not UTF-8" : "U+0000");
	to = make_value(build, slot, escaped_len(text) + 2);
	if (!to)
		return;
	*to++ = '"';
	to = put_escaped(to, text);
	*to = '"';
}

void
chat_build_string(struct chat_build *build, enum chat_slot slot, const char *string)
{
	if (string)
		chat_build_text(build, slot, chat_span_of(string));
}

void
chat_build_file(struct chat_build *build, const char *name, const char *type, const void *bytes,
	size_t size)
{
	char *to;

	chat_build_string(build, CHAT_SLOT_FILE_NAME, name);
	chat_build_string(build, CHAT_SLOT_FILE_TYPE, type);
	chat_build_integer(build, CHAT_SLOT_FILE_SIZE, (int64_t)size);
	to = make_value(build, CHAT_SLOT_FILE_DATA, chat_base64_encoded_size(size) + 2);
	if (!to)
		return;
	*to++ = '"';
	to += chat_base64_encode(to, bytes, size);
	*to = '"';
}

/* ---- the line ---- */

/* Writes to `to`, or only counts if it is NULL. */
struct output {
	char *to;
	size_t len;
};

static void
put(struct output *output, struct chat_span bytes)
{
	if (output->to && bytes.len > 0)
		memcpy(output->to + output->len, bytes.at, bytes.len);
	output->len += bytes.len;
}

/* Returns true if an object has a value in one of its properties. */
static bool
has_any(const struct chat_build *build, const struct chat_shape *shape)
{
	for (size_t i = 0; i < shape->count; i++)
		if (build->value[shape->rules[i].slot].at)
			return true;
	return false;
}

static void
put_object(struct output *output, const struct chat_build *build, const struct chat_shape *shape)
{
	bool first = true;

	put(output, CHAT_SPAN("{"));
	for (size_t i = 0; i < shape->count; i++) {
		const struct chat_rule *rule = &shape->rules[i];
		struct chat_span value = build->value[rule->slot];
		bool inner = rule->kind == CHAT_RULE_OBJECT && rule->shape && !value.at &&
			has_any(build, rule->shape);

		if (!value.at && !inner)
			continue;
		put(output, first ? CHAT_SPAN("\"") : CHAT_SPAN(",\""));
		put(output, rule->name);
		put(output, CHAT_SPAN("\":"));
		if (inner)
			put_object(output, build, rule->shape);
		else
			put(output, value);
		first = false;
	}
	put(output, CHAT_SPAN("}"));
}

/* Returns the line, which is not checked yet, or NULL if there is no memory. */
static char *
write_line(const struct chat_build *build, size_t *len)
{
	const struct chat_shape *shape = &chat_rules[build->type].shape;
	struct output output = {NULL, 0};

	put_object(&output, build, shape);
	output.to = malloc(output.len + 1);
	if (!output.to)
		return NULL;
	output.len = 0;
	put_object(&output, build, shape);
	output.to[output.len] = '\0';
	*len = output.len;
	return output.to;
}

char *
chat_build_line(struct chat_build *build, struct chat_err *err)
{
	struct chat_msg msg;
	char *line = NULL;
	size_t len;

	chat_build_string(build, CHAT_SLOT_TYPE, chat_type_word(build->type));
	if (build->err.code == CHAT_OK) {
		line = write_line(build, &len);
		if (!line)
			fail_memory(build);
	}
	if (line &&
		chat_msg_read(&msg, (struct chat_span){line, len}, CHAT_FROM_ANY, &build->err) <
			0) {
		free(line);
		line = NULL;
	}
	if (!line && err)
		*err = build->err;
	clear(build);
	return line;
}
