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
 * scan_string.h, scan_value.h and scan_object.h, messages and lines here.
 */
#include "message/scan.h"
#include "message/scan_object.h"
#include "message/scan_plan.h"
#include "message/scan_utf8.h"

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

/* Scans a line whose first key is `type`. at: its brace. */
static inline const char *
scan_typed(const struct scan_plan *plan, const char *at, struct chat_scan_stop *stop)
{
	stop->at = at;
	stop->seen = SCAN_TYPE_BIT;
	stop->type = scan_type(plan, at + 8);
	if (stop->type == CHAT_TYPE_UNKNOWN) {
		stop->at = scan_container(at);
		return NULL;
	}
	at += 8 + plan->shapes[stop->type].fields[0].word.len;
	return scan_message(&plan->shapes[stop->type], at, stop);
}

static inline const char *
scan_line(const struct scan_plan *plan, const char *at, struct chat_scan_stop *stop)
{
	at = skip_space(at);
	if (memcmp(at, "{\"type\":", 8) == 0 && at[8] == '"')
		return scan_typed(plan, at, stop);
	stop->at = NULL;
	if (*at != '{')
		return NULL;
	stop->type = find_type(plan, skip_space(at + 1));
	if (stop->type == CHAT_TYPE_UNKNOWN)
		return NULL;
	return scan_object(&plan->shapes[stop->type], at + 1, 0);
}

void
SCAN_NAME(accept)(const struct scan_plan *plan, struct chat_scan_lines *lines)
{
	const char *at = lines->at, *end = lines->end;
	const char *valid_end = lines->valid_end;

	if (at < end && (!valid_end || at >= valid_end))
		valid_end = utf8_run(at, end);
	while (at < end) {
		struct chat_scan_stop stop;
		const char *object = scan_line(plan, at, &stop), *next;

		next = object ? skip_space(object) : NULL;
		if (!next || *next != '\n' || next >= valid_end ||
			(size_t)(next - at) > lines->max_line) {
			lines->stop = stop;
			lines->stop.whole = object || stop.type == CHAT_TYPE_UNKNOWN;
			if (object && stop.at)
				lines->stop.at = object;
			break;
		}
		lines->accepted++;
		lines->types[stop.type]++;
		at = next + 1;
	}
	lines->at = at;
	lines->valid_end = valid_end;
}

/* Reads the object at `at`, whose first key must be `type`, into a message. Returns its end. */
static inline const char *
read_typed(const struct scan_plan *plan, const char *at, struct chat_msg *msg)
{
	const struct scan_shape *shape;
	const char *start = at;

	if (memcmp(at, "{\"type\":", 8) != 0 || at[8] != '"')
		return NULL;
	msg->type = scan_type(plan, at + 8);
	if (msg->type == CHAT_TYPE_UNKNOWN)
		return NULL;
	shape = &plan->shapes[msg->type];
	msg->has = 0;
	at = read_value(shape->fields, at + 8, msg);
	if (!at || !(at = read_object(shape, at, SCAN_TYPE_BIT, msg)))
		return NULL;
	msg->line = (struct chat_span){start, (size_t)(at - start)};
	return at;
}

bool
SCAN_NAME(read)(const struct scan_plan *plan, struct chat_span line, struct chat_msg *msg)
{
	const char *end = read_typed(plan, skip_space(line.at), msg);

	return end && skip_space(end) == line.at + line.len;
}

bool
SCAN_NAME(next)(const struct scan_plan *plan, struct chat_scan_lines *lines, struct chat_msg *msg)
{
	const char *at = lines->at, *next;

	lines->stop.at = NULL;
	if (!lines->valid_end || at >= lines->valid_end)
		lines->valid_end = utf8_run(at, lines->end);
	next = read_typed(plan, skip_space(at), msg);
	if (!next)
		return false;
	next = skip_space(next);
	if (*next != '\n' || next >= lines->valid_end || (size_t)(next - at) > lines->max_line)
		return false;
	lines->accepted++;
	lines->at = next + 1;
	return true;
}

const char *
SCAN_NAME(element)(const struct scan_shape *shape, const char *at, struct chat_msg *msg)
{
	const char *start = skip_space(at);

	msg->has = 0;
	at = *start == '{' ? read_object(shape, start + 1, 0, msg) : NULL;
	if (at)
		msg->line = (struct chat_span){start, (size_t)(at - start)};
	return at;
}

#endif
