#ifndef CHAT_MESSAGE_SCAN_OBJECT_H
#define CHAT_MESSAGE_SCAN_OBJECT_H

/*
 * Objects and arrays by their rules: accepts them, or also stores their values in a message.
 */
#include "message/scan.h"
#include "message/scan_value.h"

/* The compiler then makes of a function with parameters that are constants one for each of them. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

static const char *scan_object(const struct scan_shape *shape, const char *at, uint32_t seen);

/* The kinds of the values that read_value() stores, except strings of any format. */
static const unsigned char value_kinds[] = {
	[SCAN_WORD] = CHAT_JSON_STRING,
	[SCAN_ID] = CHAT_JSON_STRING,
	[SCAN_BASE64] = CHAT_JSON_STRING,
	[SCAN_INTEGER] = CHAT_JSON_NUMBER,
	[SCAN_POSITIVE] = CHAT_JSON_NUMBER,
	[SCAN_RANGE] = CHAT_JSON_NUMBER,
	[SCAN_BOOLEAN] = CHAT_JSON_BOOLEAN,
	[SCAN_OBJECT] = CHAT_JSON_OBJECT,
	[SCAN_ARRAY] = CHAT_JSON_ARRAY,
};

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

ALWAYS_INLINE const char *
scan_value(const struct scan_field *field, enum scan_kind kind, const char *at)
{
	switch (kind) {
	case SCAN_STRING: /* scan_members calls this only if the value is not a string */
	case SCAN_UNDECIDED:
		return NULL;
	case SCAN_MOSTLY_STRING:
	case SCAN_ANY:
		return scan_any(at);
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
	case SCAN_RANGE:
		return scan_range(field, at);
	case SCAN_BOOLEAN:
		return scan_boolean(at);
	case SCAN_OBJECT:
		return *at == '{' ? scan_object(field->shape, at + 1, 0) : NULL;
	case SCAN_ARRAY:
		return *at == '[' ? scan_array(field->shape, at + 1) : NULL;
	}
	return NULL;
}

/* ---- values that are stored in a message ---- */

static inline struct chat_json_value *
note_value(struct chat_msg *msg, const struct scan_field *field, enum chat_json_kind kind,
	const char *start, const char *end)
{
	struct chat_json_value *value = &msg->value[field->slot];

	value->kind = kind;
	value->raw = (struct chat_span){start, (size_t)(end - start)};
	msg->has |= UINT64_C(1) << field->slot;
	return value;
}

/* Scans and stores a string from the byte after its opening quote. */
static inline const char *
read_string(const struct scan_field *field, const char *at, struct chat_msg *msg)
{
	struct chat_json_value *value;
	bool escaped = false;
	const char *end = scan_escaped(at, &escaped);

	if (!end)
		return NULL;
	value = note_value(msg, field, CHAT_JSON_STRING, at - 1, end);
	value->escaped = escaped;
	value->points = escaped ? count_points(at, end - 1) : count_plain(at, end - 1);
	return value->points >= field->min && value->points <= field->max ? end : NULL;
}

static const char *read_object(
	const struct scan_shape *shape, const char *at, uint32_t seen, struct chat_msg *msg);

/* Scans and stores a value. A string of a format has no escapes and is ASCII. */
static inline const char *
read_value(const struct scan_field *field, const char *at, struct chat_msg *msg)
{
	enum scan_kind kind = field->read_kind;
	struct chat_json_value *value;
	const char *end;

	if (kind == SCAN_STRING || kind == SCAN_LIMITED)
		return *at == '"' ? read_string(field, at + 1, msg) : NULL;
	if (kind == SCAN_OBJECT)
		end = *at == '{' ? read_object(field->shape, at + 1, 0, msg) : NULL;
	else
		end = scan_value(field, kind, at);
	if (!end)
		return NULL;
	value = note_value(msg, field, value_kinds[kind], at, end);
	if (value->kind == CHAT_JSON_STRING) {
		value->escaped = false;
		value->points = value->raw.len - 2;
	}
	return end;
}

/* ---- objects ---- */

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

/* The value of a member. */
struct member {
	const char *at; /* NULL: undecided, or the object ends at `end` */
	const struct scan_field *field; /* NULL: there is no rule for the key */
	bool inside; /* `at` is after the opening quote of a string */
	const char *end; /* the closing brace, or NULL; valid if `at` is NULL */
};

/* The value after an unusual key. */
struct place {
	const char *at; /* the value; NULL: undecided */
	const struct scan_field *field; /* as in struct member */
};

/*
 * Moves from the end of a member, or of the opening brace, to the value of the next member. Tries
 * the field `guess` first. A key without a rule that has escapes is undecided.
 */
static struct place
next_value(
	const struct scan_shape *shape, const char *at, bool first, const struct scan_field *guess)
{
	static const struct place undecided = {NULL, NULL};
	const struct scan_field *field;

	at = skip_space(at);
	if (!first) {
		if (*at != ',')
			return undecided;
		at = skip_space(at + 1);
	}
	field = find_field(shape, guess, at);
	if (!field && *at == '"' && *skip_plain(at + 1) == '"')
		return (struct place){scan_key(at), NULL};
	if (!field)
		return undecided;
	at = skip_space(at + field->name.len);
	return (struct place){*at == ':' ? skip_space(at + 1) : NULL, field};
}

/* Finds the value of the next member if its key has not the canonical form. */
ALWAYS_INLINE struct member
find_unusual(
	const struct scan_shape *shape, const char *at, bool first, const struct scan_field *guess)
{
	struct place place;
	bool inside;

	at = skip_space(at);
	if (*at == '}' && !first)
		return (struct member){NULL, NULL, false, at};
	place = next_value(shape, at, first, guess);
	inside = place.at && place.field && place.field->kind <= SCAN_MOSTLY_STRING &&
		*place.at == '"';
	return (struct member){inside ? place.at + 1 : place.at, place.field, inside, NULL};
}

/* Returns the value that follows the canonical form of a key. */
ALWAYS_INLINE struct member
usual_member(const struct scan_field *field, const char *at)
{
	bool inside = field->kind <= SCAN_MOSTLY_STRING;

	return (struct member){inside ? at : skip_space(at), field, inside, NULL};
}

/*
 * Moves from the end of a member, or of the opening brace, to the value of the next member, first
 * by the canonical form of the field `guess`, which begins with a comma.
 */
ALWAYS_INLINE struct member
find_value(
	const struct scan_shape *shape, const char *at, bool first, const struct scan_field *guess)
{
	if (!first && is_spelled(at, &guess->canonical))
		return usual_member(guess, at + guess->canonical.len);
	if (first && is_spelled(at - 1, &shape->opening))
		return usual_member(shape->fields, at - 1 + shape->opening.len);
	return find_unusual(shape, at, first, guess);
}

/* Notes where the members that are certainly valid end. */
ALWAYS_INLINE const char *
stop_at(struct chat_scan_stop *stop, const char *at, uint32_t seen)
{
	if (stop) {
		stop->at = at;
		stop->seen = seen;
	}
	return NULL;
}

ALWAYS_INLINE const char *
take_value(const struct member *member, struct chat_msg *msg)
{
	const struct scan_field *field = member->field;

	if (msg)
		return read_value(field, member->at - member->inside, msg);
	return member->inside ? scan_string(member->at)
			      : scan_value(field, field->kind, member->at);
}

/*
 * Scans an object from the end of its opening brace (seen is 0) or of its first member, `type`
 * (seen is its bit). If msg is not NULL, stores the values in it. If stop is not NULL and the
 * object is undecided, sets at and seen there.
 */
ALWAYS_INLINE const char *
scan_members(const struct scan_shape *shape, const char *at, uint32_t seen, struct chat_msg *msg,
	struct chat_scan_stop *stop)
{
	const struct scan_field *guess = shape->fields + 1;
	struct member member;

	for (bool first = seen == 0;; first = false) {
		const char *start = at;
		uint32_t before = seen;

		/* So that the compiler does not load the next texts ahead, and spill them. */
		__asm__("" : "+r"(guess));
		member = find_value(shape, at, first, guess);
		if (!member.at)
			break;
		if (!member.field) {
			at = scan_any(member.at);
		} else {
			if (seen & member.field->bit)
				return stop_at(stop, start, seen);
			seen |= member.field->bit;
			guess = member.field + 1;
			at = take_value(&member, msg);
		}
		if (!at)
			return stop_at(stop, start, before);
	}
	if (!member.end)
		return stop_at(stop, at, seen);
	if ((seen & shape->required) != shape->required)
		return stop_at(stop, member.end, seen);
	return member.end + 1;
}

/* Scans a message from the end of its first member, `type`. */
static __attribute__((noinline)) const char *
scan_message(const struct scan_shape *shape, const char *at, struct chat_scan_stop *stop)
{
	return scan_members(shape, at, SCAN_TYPE_BIT, NULL, stop);
}

static const char *
scan_object(const struct scan_shape *shape, const char *at, uint32_t seen)
{
	return scan_members(shape, at, seen, NULL, NULL);
}

static const char *
read_object(const struct scan_shape *shape, const char *at, uint32_t seen, struct chat_msg *msg)
{
	return scan_members(shape, at, seen, msg, NULL);
}

#endif
