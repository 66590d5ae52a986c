/*
 * Any bytes compared with another parser: what is JSON for jansson is JSON here and has the same
 * values; a line is a message if the tree of jansson keeps the rules; and the scanner accepts only
 * messages.
 *
 * Known differences: jansson refuses numbers that do not fit into 64 bits, has another limit on
 * depth, and accepts NUL bytes. Duplicate keys are checked by the reader of messages here, not by
 * the JSON reader.
 */
#include <jansson.h>
#include <stdlib.h>

#include "chat/msg.h"
#include "fuzz.h"
#include "message/rules.h"
#include "message/scan.h"
#include "text/utf8.h"

/* ---- the same values ---- */

static void
need_same_string(const struct chat_json_value *ours, const char *theirs, size_t len)
{
	size_t points = 0;

	need(chat_json_string_is(ours, (struct chat_span){theirs, len}));
	for (size_t i = 0; i < len; i++)
		points += (theirs[i] & 0xC0) != 0x80;
	need(ours->points == points);
}

static void
need_same_number(struct chat_span ours, const json_t *theirs)
{
	int64_t value = 0;

	if (!json_is_integer(theirs))
		return;
	need(chat_json_is_integer(ours) && chat_json_int64(ours, &value));
	need(value == json_integer_value(theirs));
}

static void need_same(struct chat_json *json, const json_t *theirs);

static void
need_same_object(struct chat_json *json, const json_t *theirs)
{
	struct chat_json_value key;
	size_t count = 0;
	char *name;
	bool first;

	need(chat_json_enter(json, &first, NULL) == 0);
	for (; chat_json_member(json, &first, &key, NULL) > 0; count++) {
		name = chat_msg_string(&key);
		need_same_string(&key, name, strlen(name));
		need_same(json, json_object_get(theirs, name));
		free(name);
	}
	need(count == json_object_size(theirs));
}

static void
need_same_array(struct chat_json *json, const json_t *theirs)
{
	size_t count = 0;
	bool first;

	need(chat_json_enter(json, &first, NULL) == 0);
	for (; chat_json_element(json, &first, NULL) > 0; count++)
		need_same(json, json_array_get(theirs, count));
	need(count == json_array_size(theirs));
}

/* Recurses at most as deep as the input is long, which the fuzzer keeps short. */
static void
need_same(struct chat_json *json, const json_t *theirs)
{
	struct chat_json_value value;
	enum chat_json_kind kind = CHAT_JSON_NULL;

	need(theirs && chat_json_peek(json, &kind, NULL) == 0);
	need((kind == CHAT_JSON_OBJECT) == json_is_object(theirs));
	need((kind == CHAT_JSON_ARRAY) == json_is_array(theirs));
	need((kind == CHAT_JSON_STRING) == json_is_string(theirs));
	need((kind == CHAT_JSON_NUMBER) == json_is_number(theirs));
	need((kind == CHAT_JSON_BOOLEAN) == json_is_boolean(theirs));
	if (kind == CHAT_JSON_OBJECT) {
		need_same_object(json, theirs);
	} else if (kind == CHAT_JSON_ARRAY) {
		need_same_array(json, theirs);
	} else {
		need(chat_json_read(json, &value, NULL) == 0);
		if (kind == CHAT_JSON_STRING)
			need_same_string(
				&value, json_string_value(theirs), json_string_length(theirs));
		else if (kind == CHAT_JSON_NUMBER)
			need_same_number(value.raw, theirs);
		else if (kind == CHAT_JSON_BOOLEAN)
			need((*value.raw.at == 't') == json_is_true(theirs));
	}
}

/* ---- the same verdict ---- */

/* UNSURE: a tree of doubles cannot tell 1.0 from 1.00000000000000000001. */
enum verdict { BAD, UNSURE, GOOD };

static enum verdict
worse(enum verdict a, enum verdict b)
{
	return a < b ? a : b;
}

static bool
keeps_format(const struct chat_rule *rule, const char *string)
{
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	size_t len = strlen(string), plain = strspn(string, LETTERS "+/"), padding = len - plain;

	switch (rule->format) {
	case CHAT_FORMAT_WORD:
		return strcmp(string, rule->word) == 0;
	case CHAT_FORMAT_ID:
		return len > 0 && strspn(string, LETTERS "-") == len;
	case CHAT_FORMAT_BASE64:
		return strspn(string + plain, "=") == padding && plain % 4 != 1 &&
			(padding == 0 || (plain % 4 != 0 && plain % 4 + padding == 4));
	default:
		return true;
	}
}

static bool
keeps_length(const struct chat_rule *rule, const char *string)
{
	int64_t points = (int64_t)chat_utf8_count(string, strlen(string));

	return points >= rule->min && (rule->max == 0 || points <= rule->max);
}

static enum verdict judge_object(const struct chat_shape *shape, const json_t *object);

static enum verdict
judge_array(const struct chat_shape *shape, const json_t *array)
{
	enum verdict verdict = json_is_array(array) ? GOOD : BAD;

	for (size_t i = 0; i < json_array_size(array); i++)
		verdict = worse(verdict, judge_object(shape, json_array_get(array, i)));
	return verdict;
}

static enum verdict
judge_value(const struct chat_rule *rule, const json_t *value)
{
	switch (rule->kind) {
	case CHAT_RULE_STRING:
		return json_is_string(value) && keeps_format(rule, json_string_value(value)) &&
				keeps_length(rule, json_string_value(value))
			? GOOD
			: BAD;
	case CHAT_RULE_INTEGER:
		if (json_is_real(value))
			return UNSURE;
		return json_is_integer(value) &&
				(!rule->has_min || json_integer_value(value) >= rule->min)
			? GOOD
			: BAD;
	case CHAT_RULE_BOOLEAN:
		return json_is_boolean(value) ? GOOD : BAD;
	case CHAT_RULE_OBJECT:
		return rule->shape              ? judge_object(rule->shape, value)
			: json_is_object(value) ? GOOD
						: BAD;
	case CHAT_RULE_ARRAY:
		return judge_array(rule->shape, value);
	case CHAT_RULE_WORDS:
		return json_is_array(value) ? GOOD
					    : BAD; /* an addition: its shape does not decide */
	}
	return BAD;
}

static enum verdict
judge_object(const struct chat_shape *shape, const json_t *object)
{
	enum verdict verdict = json_is_object(object) ? GOOD : BAD;

	for (size_t i = 0; i < shape->count; i++) {
		const struct chat_rule *rule = &shape->rules[i];
		const json_t *value = json_object_get(object, rule->name.at);
		bool excused = rule->unless && json_is_true(json_object_get(object, rule->unless));

		if (!value && rule->required && !excused)
			verdict = BAD;
		if (value && !rule->addition)
			verdict = worse(verdict, judge_value(rule, value));
	}
	return verdict;
}

static enum verdict
judge(const json_t *tree)
{
	const char *word = json_string_value(json_object_get(tree, "type"));
	enum chat_type type = word ? chat_type_find(chat_span_of(word)) : CHAT_TYPE_UNKNOWN;

	return type == CHAT_TYPE_UNKNOWN ? BAD : judge_object(&chat_rules[type].shape, tree);
}

/* ---- the functions under test ---- */

static bool
is_json(struct chat_span text, enum chat_code *code)
{
	struct chat_err err = {.code = CHAT_OK};
	struct chat_json_value value;
	struct chat_json json;
	bool good;

	chat_json_begin(&json, text);
	good = chat_utf8_check(text.at, text.len) == text.len &&
		chat_json_read(&json, &value, &err) == 0 && chat_json_end(&json, &err) == 0;
	*code = err.code;
	return good;
}

/* Returns true if the fastest variant of the scanner accepts the line. */
static bool
scan_accepts(struct chat_span line)
{
	static struct chat_scan *scan; /* made once, because that is slow */
	char *room = malloc(line.len + 1 + CHAT_SCAN_PADDING);
	struct chat_scan_lines lines = {.at = room, .max_line = SIZE_MAX};

	if (!scan)
		scan = chat_scan_new(CHAT_FROM_ANY, chat_scan_best());
	memcpy(room, line.at, line.len);
	room[line.len] = '\n';
	memset(room + line.len + 1, '"', CHAT_SCAN_PADDING);
	lines.end = room + line.len + 1;
	if (!memchr(line.at, '\n', line.len))
		chat_scan_accept(scan, &lines);
	free(room);
	return lines.accepted > 0;
}

static bool
is_excused(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_numeric_overflow || code == json_error_stack_overflow;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span text = {(const char *)data, size};
	json_error_t error;
	json_t *tree =
		json_loadb(text.at, text.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
	bool twice = !tree && json_error_code(&error) == json_error_duplicate_key;
	bool accepted = scan_accepts(text), message;
	struct chat_json json;
	enum chat_code code;
	bool good = is_json(text, &code);

	if (twice)
		tree = json_loadb(text.at, text.len, JSON_DECODE_ANY, &error);
	message = chat_msg_read(&(struct chat_msg){0}, text, CHAT_FROM_ANY, NULL) == 0;
	need(good || !message);
	need(message || !accepted);
	if (memchr(text.at, '\0', text.len)) {
		need(!good);
		json_decref(tree);
		return 0;
	}
	if (!tree) {
		need(!good || is_excused(&error));
		return 0;
	}
	need(good || code == CHAT_TOO_DEEP);
	if (good && !twice) {
		enum verdict verdict = judge(tree);

		chat_json_begin(&json, text);
		need_same(&json, tree);
		need(verdict == UNSURE || message == (verdict == GOOD));
	}
	json_decref(tree);
	return 0;
}
