/*
 * Checks one value by its rule. msg.c reads the object, json.c the value; the rule is in rules.c.
 */
#include "message/value.h"

#include <string.h>

#include "chat/base64.h"
#include "chat/msg.h"
#include "message/rules.h"
#include "message/user_id.h"
#include "message/username.h"
#include "text/ascii.h"
#include "text/err.h"

enum chat_json_kind
chat_value_kind(const struct chat_rule *rule)
{
	static const enum chat_json_kind kinds[] = {
		[CHAT_RULE_STRING] = CHAT_JSON_STRING,
		[CHAT_RULE_INTEGER] = CHAT_JSON_NUMBER,
		[CHAT_RULE_BOOLEAN] = CHAT_JSON_BOOLEAN,
		[CHAT_RULE_OBJECT] = CHAT_JSON_OBJECT,
		[CHAT_RULE_ARRAY] = CHAT_JSON_ARRAY,
		[CHAT_RULE_WORDS] = CHAT_JSON_ARRAY,
	};

	return kinds[rule->kind];
}

/* Returns the address of the first byte in the string that is not base64, or NULL. */
static const char *
find_base64_flaw(const struct chat_json_value *string)
{
	struct chat_span rest = chat_json_inside(string);
	char piece[256]; /* the size is a multiple of four */

	if (!string->escaped) {
		size_t offset = chat_base64_check(rest.at, rest.len);

		return offset == CHAT_BASE64_VALID ? NULL : rest.at + offset;
	}
	while (rest.len > 0) {
		const char *at = rest.at;
		size_t len = chat_json_decode(&rest, piece, sizeof(piece));

		if (chat_base64_check(piece, len) != CHAT_BASE64_VALID)
			return at;
		if (rest.len > 0 && piece[len - 1] == '=')
			return at;
	}
	return NULL;
}

static int
check_base64(const struct chat_json_value *value, struct chat_err *err)
{
	const char *bad = find_base64_flaw(value);

	if (!bad)
		return 0;
	return chat_fail_at(err, CHAT_BAD_BASE64, (size_t)(bad - value->raw.at), "expected base64");
}

static int
check_username(const struct chat_json_value *value, struct chat_err *err)
{
	char name[4 * 20]; /* the rule allows at most 20 code points */
	size_t len = chat_json_unescape(value, name, sizeof(name));

	return chat_username_check((struct chat_span){name, len}, err);
}

static int
check_length(
	const struct chat_rule *rule, const struct chat_json_value *value, struct chat_err *err)
{
	enum chat_code code = CHAT_BAD_MESSAGE;

	if (value->points >= (uint64_t)rule->min &&
		(rule->max == 0 || value->points <= (uint64_t)rule->max))
		return 0;
	if (rule->slot == CHAT_SLOT_TEXT)
		code = value->points == 0 ? CHAT_TEXT_EMPTY : CHAT_TEXT_TOO_LONG;
	return chat_fail(err, code, "expected %lld to %lld characters, got %zu",
		(long long)rule->min, (long long)rule->max, value->points);
}

static int
check_string(const struct chat_rule *rule, const struct chat_json_value *value, bool strict,
	struct chat_err *err)
{
	if (check_length(rule, value, err))
		return -1;
	switch (rule->format) {
	case CHAT_FORMAT_ANY:
		return 0;
	case CHAT_FORMAT_WORD:
		if (chat_json_string_is(value, chat_span_of(rule->word)))
			return 0;
		return chat_fail(err, CHAT_BAD_MESSAGE, "expected \"%s\"", rule->word);
	case CHAT_FORMAT_ID:
		return chat_user_id_check(value, err);
	case CHAT_FORMAT_BASE64:
		return check_base64(value, err);
	case CHAT_FORMAT_USERNAME:
		return strict ? check_username(value, err) : 0;
	}
	return 0;
}

static int
check_integer(
	const struct chat_rule *rule, const struct chat_json_value *value, struct chat_err *err)
{
	if (!chat_json_is_integer(value->raw))
		return chat_fail(err, CHAT_BAD_MESSAGE, "expected integer, got a fraction");
	if (rule->has_min && chat_json_compare_integer(value->raw, rule->min) < 0)
		return chat_fail(
			err, CHAT_BAD_MESSAGE, "expected at least %lld", (long long)rule->min);
	if (rule->max > 0 && chat_json_compare_integer(value->raw, rule->max) > 0)
		return chat_fail(
			err, CHAT_BAD_MESSAGE, "expected at most %lld", (long long)rule->max);
	return 0;
}

bool
chat_word_valid(struct chat_span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!chat_is_alnum(word.at[i]) && !memchr("-._~/:", word.at[i], 6))
			return false;
	return word.len > 0 && word.len <= CHAT_WORD_MAX;
}

static bool
is_word(const struct chat_json_value *value)
{
	char word[CHAT_WORD_MAX];
	size_t len;

	if (value->kind != CHAT_JSON_STRING)
		return false;
	len = chat_json_unescape(value, word, sizeof(word));
	return len != (size_t)-1 && chat_word_valid((struct chat_span){word, len});
}

/* Checks an array of words. The value must be valid JSON. */
static int
check_words(const struct chat_rule *rule, const struct chat_json_value *value, struct chat_err *err)
{
	struct chat_json_value element;
	struct chat_json json;
	int64_t count = 0;
	bool first;

	chat_json_begin(&json, value->raw);
	chat_json_enter(&json, &first, NULL);
	while (chat_json_element(&json, &first, NULL) > 0) {
		if (++count > rule->max)
			return chat_fail(err, CHAT_BAD_MESSAGE, "expected at most %lld words",
				(long long)rule->max);
		chat_json_read(&json, &element, NULL);
		if (!is_word(&element))
			return chat_fail(err, CHAT_BAD_MESSAGE,
				"expected words of 1 to %d of A-Z a-z 0-9 . _ ~ - / :",
				CHAT_WORD_MAX);
	}
	return 0;
}

int
chat_value_check(const struct chat_rule *rule, const struct chat_json_value *value, bool strict,
	struct chat_err *err)
{
	enum chat_json_kind kind = chat_value_kind(rule);

	if (value->kind != kind)
		return chat_fail(err, CHAT_BAD_MESSAGE, "expected %s, got %s",
			rule->kind == CHAT_RULE_INTEGER ? "integer" : chat_json_kind_word(kind),
			chat_json_kind_word(value->kind));
	if (kind == CHAT_JSON_STRING)
		return check_string(rule, value, strict, err);
	if (kind == CHAT_JSON_NUMBER)
		return check_integer(rule, value, err);
	if (rule->kind == CHAT_RULE_WORDS)
		return check_words(rule, value, err);
	return 0;
}
