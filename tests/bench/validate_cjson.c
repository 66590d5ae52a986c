/*
 * A checker as most people would write it: cJSON parses each line, then each rule is checked on
 * its tree. It makes the checks that are possible with cJSON, by the same table of rules. It
 * prints how many lines are messages.
 */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "chat/base64.h"
#include "message/rules.h"
#include "text/utf8.h"

static bool check_object(const cJSON *object, const struct chat_shape *shape);

static bool
check_string(const char *string, const struct chat_rule *rule)
{
	size_t len = strlen(string);

	switch (rule->format) {
	case CHAT_FORMAT_WORD:
		return strcmp(string, rule->word) == 0;
	case CHAT_FORMAT_ID:
		return len > 0 &&
			strspn(string,
				"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789-") == len;
	case CHAT_FORMAT_BASE64:
		return chat_base64_check(string, len) == CHAT_BASE64_VALID;
	default:
		break;
	}
	if (rule->min > 0 || rule->max > 0) {
		int64_t points = (int64_t)chat_utf8_count(string, len);

		return points >= rule->min && (rule->max == 0 || points <= rule->max);
	}
	return true;
}

static bool
check_array(const cJSON *array, const struct chat_shape *shape)
{
	const cJSON *element;

	cJSON_ArrayForEach(element, array) if (!check_object(element, shape)) return false;
	return true;
}

static bool
check_value(const cJSON *value, const struct chat_rule *rule)
{
	switch (rule->kind) {
	case CHAT_RULE_STRING:
		return cJSON_IsString(value) && check_string(value->valuestring, rule);
	case CHAT_RULE_INTEGER:
		return cJSON_IsNumber(value) && floor(value->valuedouble) == value->valuedouble &&
			(!rule->has_min || value->valuedouble >= (double)rule->min);
	case CHAT_RULE_BOOLEAN:
		return cJSON_IsBool(value);
	case CHAT_RULE_OBJECT:
		return !rule->shape || check_object(value, rule->shape);
	case CHAT_RULE_ARRAY:
		return cJSON_IsArray(value) && check_array(value, rule->shape);
	case CHAT_RULE_WORDS:
		return cJSON_IsArray(value);
	}
	return false;
}

/* One walk over the members, so that a key that is there twice is seen. */
static bool
check_object(const cJSON *object, const struct chat_shape *shape)
{
	uint32_t seen = 0;
	const cJSON *member;

	if (!cJSON_IsObject(object))
		return false;
	cJSON_ArrayForEach(member, object)
	{
		const struct chat_rule *rule = chat_shape_find(shape, chat_span_of(member->string));
		uint32_t bit;

		if (!rule)
			continue;
		bit = UINT32_C(1) << (rule - shape->rules);
		if (seen & bit || (!rule->addition && !check_value(member, rule)))
			return false;
		seen |= bit;
	}
	for (size_t i = 0; i < shape->count; i++)
		if (shape->rules[i].required && !(seen >> i & 1))
			return false;
	return true;
}

static bool
check_line(const char *line, size_t len)
{
	const char *end;
	enum chat_type type = CHAT_TYPE_UNKNOWN;
	cJSON *tree;
	const cJSON *word;
	bool good = false;

	if (chat_utf8_check(line, len) != len || memchr(line, '\0', len))
		return false;
	tree = cJSON_ParseWithOpts(line, &end, true);
	word = cJSON_GetObjectItemCaseSensitive(tree, "type");
	if (cJSON_IsString(word))
		type = chat_type_find(chat_span_of(word->valuestring));
	if (type != CHAT_TYPE_UNKNOWN)
		good = check_object(tree, &chat_rules[type].shape);
	cJSON_Delete(tree);
	return good;
}

int
main(int argc, char **argv)
{
	FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
	unsigned long good = 0, bad = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file)
		return 66;
	while ((len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (check_line(line, (size_t)len))
			good++;
		else
			bad++;
	}
	printf("%lu %lu\n", good, bad);
	free(line);
	fclose(file);
	return bad > 0;
}
