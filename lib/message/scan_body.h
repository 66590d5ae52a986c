#ifndef CHAT_MESSAGE_SCAN_BODY_H
#define CHAT_MESSAGE_SCAN_BODY_H

/*
 * The scanner: one pass over a line, by the plan. Each function gets the start of a part of the
 * line and returns its end, or NULL for "undecided". No function compares with the end of the
 * buffer: the newline at the end of a line is invalid in every part of a line, so every function
 * stops at it. UTF-8 is checked before, for all lines at once.
 *
 * The file that includes this file defines SCAN_NAME and what scan_vec.h needs; if it does not,
 * this is the plain variant. Vectors are in scan_vec.h, the parts of a line in scan_utf8.h,
 * scan_string.h and scan_value.h, messages and lines here.
 */
#include "message/scan.h"
#include "message/scan_plan.h"
#include "message/scan_utf8.h"
#include "message/scan_value.h"

static const char *scan_object(const struct scan_shape *shape, const char *at, uint32_t seen);

static const char *
scan_array(const struct scan_shape *shape, const char *at)
{
	at = skip_space(at);
	if (*at == ']')
		return at + 1;
	for (;;) {
		if (*at != '{' || !(at = scan_object(shape, at + 1, 0)))
			return NULL;
		at = skip_space(at);
		if (*at == ']')
			return at + 1;
		if (*at != ',')
			return NULL;
		at = skip_space(at + 1);
	}
}

static inline const char *
scan_value(const struct scan_field *field, const char *at)
{
	switch (field->kind) {
	case SCAN_UNDECIDED:
		return NULL;
	case SCAN_ANY:
		return scan_any(at);
	case SCAN_STRING: /* scan_object calls this only if the value is not a string */
		return NULL;
	case SCAN_LIMITED:
		return *at == '"' ? scan_limited(field, at + 1) : NULL;
	case SCAN_WORD:
		return is_spelled(at, &field->word) ? at + field->word.len : NULL;
	case SCAN_ID:
		return *at == '"' ? scan_id(at + 1) : NULL;
	case SCAN_BASE64:
		return *at == '"' ? scan_base64(at + 1) : NULL;
	case SCAN_INTEGER:
		return scan_integer(at, false);
	case SCAN_POSITIVE:
		return scan_integer(at, true);
	case SCAN_BOOLEAN:
		return scan_boolean(at);
	case SCAN_OBJECT:
		return *at == '{' ? scan_object(field->shape, at + 1, 0) : NULL;
	case SCAN_ARRAY:
		return *at == '[' ? scan_array(field->shape, at + 1) : NULL;
	}
	return NULL;
}

static const struct scan_field *
find_field(const struct scan_shape *shape, const struct scan_field *guess, const char *at)
{
	if (is_spelled(at, &guess->name))
		return guess;
	for (size_t i = 0; i < shape->count; i++)
		if (is_spelled(at, &shape->fields[i].name))
			return &shape->fields[i];
	return NULL;
}

/*
 * Moves from the end of a member, or of the opening brace, to the value of the next member. The
 * caller sets *field to the field to try first. Sets *field to the field of the member, or to NULL
 * if the key has no rule. A key without a rule that has escapes is undecided.
 */
static const char *
next_value(
	const struct scan_shape *shape, const char *at, bool first, const struct scan_field **field)
{
	at = skip_space(at);
	if (!first) {
		if (*at != ',')
			return NULL;
		at = skip_space(at + 1);
	}
	*field = find_field(shape, *field, at);
	if (!*field)
		return *at == '"' && *skip_plain(at + 1) == '"' ? scan_key(at) : NULL;
	at = skip_space(at + (*field)->name.len);
	return *at == ':' ? skip_space(at + 1) : NULL;
}

/*
 * Scans an object from the end of its opening brace (seen is 0) or of its first member, `type`
 * (seen is its bit). First tries the canonical form of the next field, which begins with a comma;
 * not after the brace.
 */
static const char *
scan_object(const struct scan_shape *shape, const char *at, uint32_t seen)
{
	const struct scan_field *guess = shape->fields + (seen ? 1 : shape->count);
	bool first = seen == 0;

	for (;; first = false) {
		const struct scan_field *field = guess;

		if (is_spelled(at, &guess->canonical)) {
			at = skip_space(at + guess->canonical.len);
		} else {
			at = skip_space(at);
			if (*at == '}' && !first)
				break;
			at = next_value(shape, at, first, &field);
			if (!at)
				return NULL;
		}
		if (!field) {
			at = scan_any(at);
		} else {
			if (seen & field->bit)
				return NULL;
			seen |= field->bit;
			guess = field + 1;
			at = field->kind <= SCAN_STRING && *at == '"' ? scan_string(at + 1)
								      : scan_value(field, at);
		}
		if (!at)
			return NULL;
	}
	return (seen & shape->required) == shape->required ? at + 1 : NULL;
}

/* Returns the type that the string at `at` names, or CHAT_TYPE_UNKNOWN. */
static inline enum chat_type
scan_type(const struct scan_plan *plan, const char *at)
{
	enum chat_type type = plan->types[scan_place(at + 1)];

	if (type != CHAT_TYPE_UNKNOWN && is_spelled(at, &plan->shapes[type].fields[0].word))
		return type;
	return CHAT_TYPE_UNKNOWN;
}

/* Returns the type of an object, or CHAT_TYPE_UNKNOWN. at: its first key. */
static enum chat_type
find_type(const struct scan_plan *plan, const char *at)
{
	for (;;) {
		bool found = is_spelled(at, &plan->type_key);

		if (!(at = scan_key(at)))
			return CHAT_TYPE_UNKNOWN;
		if (found)
			return scan_type(plan, at);
		if (!(at = scan_any(at)))
			return CHAT_TYPE_UNKNOWN;
		at = skip_space(at);
		if (*at != ',')
			return CHAT_TYPE_UNKNOWN;
		at = skip_space(at + 1);
	}
}

static inline const char *
scan_line(const struct scan_plan *plan, const char *at, enum chat_type *type)
{
	at = skip_space(at);
	if (memcmp(at, "{\"type\":", 8) == 0 && at[8] == '"') {
		*type = scan_type(plan, at + 8);
		if (*type == CHAT_TYPE_UNKNOWN)
			return NULL;
		at += 8 + plan->shapes[*type].fields[0].word.len;
		return scan_object(&plan->shapes[*type], at, SCAN_TYPE_BIT);
	}
	if (*at != '{')
		return NULL;
	*type = find_type(plan, skip_space(at + 1));
	return *type == CHAT_TYPE_UNKNOWN ? NULL : scan_object(&plan->shapes[*type], at + 1, 0);
}

void
SCAN_NAME(const struct scan_plan *plan, struct chat_scan_lines *lines)
{
	const char *at = lines->at, *end = lines->end;
	const char *valid_end = lines->valid_end;

	if (at < end && (!valid_end || at >= valid_end))
		valid_end = utf8_run(at, end);
	while (at < end) {
		enum chat_type type;
		const char *next = scan_line(plan, at, &type);

		if (!next)
			break;
		next = skip_space(next);
		if (*next != '\n' || next >= valid_end || (size_t)(next - at) > lines->max_line)
			break;
		lines->accepted++;
		lines->types[type]++;
		at = next + 1;
	}
	lines->at = at;
	lines->valid_end = valid_end;
}

#endif
