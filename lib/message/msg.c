/*
 * Reads and checks a message. Follows the table of rules (rules.c) while the JSON reader (json.c)
 * reads: finds the rule of each key, checks its value (value.c), and sets a bit for the key.
 * Recursion is limited by the table, which is three levels deep, not by the input.
 */
#include "chat/msg.h"

#include <stdlib.h>

#include "message/file_check.h"
#include "message/msg_rest.h"
#include "message/reader.h"
#include "message/rules.h"
#include "message/value.h"
#include "text/err.h"
#include "text/utf8.h"

/* One object that is being read. */
struct frame {
	const struct chat_shape *shape;
	const struct chat_place *place;
	bool keep; /* the values are stored in the message */
	size_t next; /* the index of the rule after the rule of the last known member */
	uint32_t seen; /* one bit for each rule: its key was read */
	uint32_t true_bits; /* one bit for each rule: its value is `true` and valid */
	struct chat_file_check file; /* for strict checking only */
};

static void
check_value(struct chat_reader *reader, const struct chat_rule *rule,
	const struct chat_json_value *value, const struct chat_place *place)
{
	struct chat_err err;

	if (chat_value_check(rule, value, reader->strict, &err) == 0)
		return;
	err.offset += (size_t)(value->raw.at - reader->json.start);
	chat_findings_add(&reader->findings, place, &err);
}

static int read_object(struct chat_reader *reader, struct frame *frame);

static int
read_array(
	struct chat_reader *reader, const struct chat_shape *shape, const struct chat_place *place)
{
	struct chat_place element = {.up = place};
	bool first;
	int more;

	if (chat_json_enter(&reader->json, &first, &reader->err))
		return -1;
	while ((more = chat_json_element(&reader->json, &first, &reader->err)) > 0) {
		struct frame frame = {.shape = shape, .place = &element};
		struct chat_json_value other;
		enum chat_json_kind kind;

		if (chat_json_peek(&reader->json, &kind, &reader->err))
			return -1;
		if (kind == CHAT_JSON_OBJECT) {
			if (read_object(reader, &frame))
				return -1;
		} else {
			if (chat_json_read(&reader->json, &other, &reader->err))
				return -1;
			chat_findings_printf(&reader->findings, &element, other.raw.at,
				CHAT_BAD_MESSAGE, "expected object, got %s",
				chat_json_kind_word(kind));
		}
		element.index++;
	}
	return more;
}

/* Reads the value of a key: by the shape of the rule if it has one, else as a whole. */
static int
read_value(struct chat_reader *reader, const struct chat_rule *rule, const struct chat_place *place,
	bool keep, struct chat_json_value *value)
{
	enum chat_json_kind kind;
	const char *start;

	if (!rule->shape)
		return chat_json_read(&reader->json, value, &reader->err);
	if (chat_json_peek(&reader->json, &kind, &reader->err))
		return -1;
	if (kind != chat_value_kind(rule))
		return chat_json_read(&reader->json, value, &reader->err);
	start = reader->json.at;
	if (kind == CHAT_JSON_OBJECT) {
		struct frame inner = {.shape = rule->shape, .place = place, .keep = keep};

		if (read_object(reader, &inner))
			return -1;
	} else if (read_array(reader, rule->shape, place)) {
		return -1;
	}
	value->kind = kind;
	value->raw = (struct chat_span){start, (size_t)(reader->json.at - start)};
	return 0;
}

/* Returns the bits of the slot of a rule and of the slots of its members. */
static uint64_t
slot_bits(const struct chat_rule *rule)
{
	uint64_t bits = rule->slot == CHAT_SLOT_NONE ? 0 : UINT64_C(1) << rule->slot;

	if (rule->kind == CHAT_RULE_OBJECT && rule->shape)
		for (size_t i = 0; i < rule->shape->count; i++)
			bits |= UINT64_C(1) << rule->shape->rules[i].slot;
	return bits;
}

static int
read_known(struct chat_reader *reader, struct frame *frame, const struct chat_rule *rule,
	const struct chat_json_value *key)
{
	uint32_t bit = UINT32_C(1) << (rule - frame->shape->rules);
	struct chat_place place = {.up = frame->place, .name = rule->name};
	bool repeated = (frame->seen & bit) != 0;
	bool keep = frame->keep && rule->slot != CHAT_SLOT_NONE && !repeated;
	bool mute = rule->addition && !reader->strict;
	struct chat_json_value other;
	struct chat_json_value *value = keep ? &reader->msg->value[rule->slot] : &other;
	size_t before = reader->findings.added;

	if (repeated)
		chat_findings_printf(&reader->findings, &place, key->raw.at, CHAT_DUPLICATE_KEY,
			CHAT_KEY_IS_THERE);
	frame->seen |= bit;
	reader->findings.muted += mute;
	if (read_value(reader, rule, &place, keep, value))
		return -1;
	check_value(reader, rule, value, &place);
	if (reader->strict && chat_file_check_needs(rule) && reader->findings.added == before)
		chat_file_check(&frame->file, &reader->findings, rule, value, &place);
	reader->findings.muted -= mute;
	if (reader->findings.added == before && value->kind == CHAT_JSON_BOOLEAN &&
		*value->raw.at == 't')
		frame->true_bits |= bit;
	if (keep)
		reader->msg->has |= UINT64_C(1) << rule->slot;
	if (keep && reader->findings.added != before)
		reader->msg->has &= ~slot_bits(rule);
	return 0;
}

/* Returns the rule of a key, or NULL. Tries the next rule first, because keys are usually in the
 * order of the table. */
static const struct chat_rule *
find_rule(struct frame *frame, const struct chat_json_value *key)
{
	const struct chat_shape *shape = frame->shape;
	const struct chat_rule *rule = shape->rules + frame->next;
	char room[16]; /* every name of the table fits */
	struct chat_span name = chat_short_string(key, room, sizeof(room));

	if (frame->next == shape->count || !chat_span_equal(rule->name, name))
		rule = chat_shape_find(shape, name);
	if (rule)
		frame->next = (size_t)(rule - shape->rules) + 1;
	return rule;
}

/* Returns true if a required key may be missing, because the boolean named in `unless` is true. */
static bool
is_excused(const struct frame *frame, const struct chat_rule *rule)
{
	const struct chat_rule *excuse;

	if (!rule->unless)
		return false;
	excuse = chat_shape_find(frame->shape, chat_span_of(rule->unless));
	return (frame->true_bits >> (excuse - frame->shape->rules) & 1) != 0;
}

/* Adds a finding for each required key that is missing. Its offset is that of the closing brace,
 * the byte before the cursor. */
static void
check_missing(struct chat_reader *reader, const struct frame *frame)
{
	for (size_t i = 0; i < frame->shape->count; i++) {
		const struct chat_rule *rule = &frame->shape->rules[i];
		struct chat_place place = {.up = frame->place, .name = rule->name};

		if (rule->required && (frame->seen >> i & 1) == 0 && !is_excused(frame, rule))
			chat_findings_printf(&reader->findings, &place, reader->json.at - 1,
				CHAT_BAD_MESSAGE, "is missing");
	}
}

/* Reads the members of an object from the cursor to its end. */
static int
read_members(struct chat_reader *reader, struct frame *frame, bool first)
{
	struct chat_json_value key, other;
	int more;

	while ((more = chat_json_member(&reader->json, &first, &key, &reader->err)) > 0) {
		const struct chat_rule *rule = find_rule(frame, &key);

		if (rule ? read_known(reader, frame, rule, &key)
			 : chat_json_read(&reader->json, &other, &reader->err))
			return -1;
	}
	if (more == 0)
		check_missing(reader, frame);
	return more;
}

static int
read_object(struct chat_reader *reader, struct frame *frame)
{
	bool first;

	if (chat_json_enter(&reader->json, &first, &reader->err))
		return -1;
	return read_members(reader, frame, first);
}

/* Reads the object at the cursor by the rules of its type. If the type is not known, checks only
 * its JSON. */
static int
read_typed(struct chat_reader *reader, enum chat_direction from)
{
	static const struct chat_place type_place = {.name = {"type", 4}};
	struct chat_msg *msg = reader->msg;
	struct chat_json_value type, whole;
	struct frame frame = {.keep = true};
	int found = chat_reader_find_type(reader, &type);

	if (found < 0)
		return -1;
	if (found > 0)
		msg->type = chat_reader_check_type(reader, &type, from);
	else if (from == CHAT_FROM_INPUT)
		msg->type = chat_reader_guess_type(reader);
	if (msg->type != CHAT_TYPE_UNKNOWN) {
		frame.shape = &chat_rules[msg->type].shape;
		frame.seen = found == 0; /* the type is the first in the table */
		return read_object(reader, &frame);
	}
	if (chat_json_read(&reader->json, &whole, &reader->err))
		return -1;
	if (found == 0)
		chat_findings_printf(&reader->findings, &type_place, reader->json.at - 1,
			CHAT_BAD_MESSAGE, "is missing");
	return 0;
}

/* Returns 0, also if there are findings, or -1 with reader->err at a JSON error. */
static int
read_line(struct chat_reader *reader, struct chat_span text, enum chat_direction from)
{
	struct chat_json_value value;
	enum chat_json_kind kind;
	const char *start;

	chat_json_begin(&reader->json, text);
	reader->msg->type = CHAT_TYPE_UNKNOWN;
	reader->msg->has = 0;
	if (chat_json_peek(&reader->json, &kind, &reader->err))
		return -1;
	start = reader->json.at;
	if (kind == CHAT_JSON_OBJECT) {
		if (read_typed(reader, from))
			return -1;
	} else {
		if (chat_json_read(&reader->json, &value, &reader->err))
			return -1;
		chat_findings_printf(&reader->findings, NULL, start, CHAT_BAD_MESSAGE,
			"expected object, got %s", chat_json_kind_word(kind));
	}
	reader->msg->line = (struct chat_span){start, (size_t)(reader->json.at - start)};
	return chat_json_end(&reader->json, &reader->err);
}

/* Sets all fields except json, which read_line sets, and err, which is set by a JSON error. */
static void
reader_init(struct chat_reader *reader, struct chat_msg *msg, const char *start,
	chat_msg_report *report, void *arg)
{
	reader->msg = msg;
	reader->strict = false;
	reader->findings = (struct chat_findings){.start = start, .report = report, .arg = arg};
}

struct first {
	struct chat_err *err; /* for the first finding; NULL after it, or if the caller has none */
};

static void
keep_first(void *arg, const struct chat_err *finding)
{
	struct first *first = arg;

	if (first->err)
		*first->err = *finding;
	first->err = NULL;
}

static int
fail_utf8(size_t offset, struct chat_err *err)
{
	return chat_fail_at(err, CHAT_BAD_UTF8, offset, "a byte that is not UTF-8");
}

int
chat_msg_read(
	struct chat_msg *msg, struct chat_span line, enum chat_direction from, struct chat_err *err)
{
	size_t valid = chat_utf8_check(line.at, line.len);

	if (valid < line.len)
		return fail_utf8(valid, err);
	return chat_msg_read_utf8(msg, line, from, err);
}

int
chat_msg_read_utf8(
	struct chat_msg *msg, struct chat_span line, enum chat_direction from, struct chat_err *err)
{
	struct first first = {err};
	struct chat_reader reader;

	reader_init(&reader, msg, line.at, keep_first, &first);
	if (read_line(&reader, line, from) == 0)
		return reader.findings.reported == 0 ? 0 : -1;
	if (err)
		*err = reader.err;
	return -1;
}

int
chat_msg_check(struct chat_msg *msg, struct chat_span line, enum chat_direction from, unsigned how,
	chat_msg_report *report, void *arg)
{
	struct chat_span valid = line;
	struct chat_msg unwanted;
	struct chat_reader reader;
	int broken;

	if (!(how & CHAT_MSG_IS_UTF8))
		valid.len = chat_utf8_check(line.at, line.len);
	reader_init(&reader, msg ? msg : &unwanted, line.at, report, arg);
	reader.strict = (how & CHAT_MSG_STRICT) != 0;
	if (reader.strict && chat_duplicate_keys_find(&reader.findings.keys, valid) < 0)
		reader.findings.no_memory = true;
	broken = read_line(&reader, valid, from);
	if (valid.len < line.len)
		broken = fail_utf8(valid.len, &reader.err);
	chat_findings_report_keys(&reader.findings, line.len);
	if (broken)
		chat_findings_report(&reader.findings, &reader.err);
	chat_duplicate_keys_free(&reader.findings.keys);
	return reader.findings.no_memory ? -1 : (int)reader.findings.reported;
}

/* ---- the rest of a line that the scanner has not decided ---- */

/*
 * Reads an object from where the scanner has stopped; the members before have no findings. Returns
 * 0, or -1 with reader->err at a JSON error.
 */
static int
read_from(struct chat_reader *reader, const struct chat_scan_stop *stop)
{
	struct frame frame = {.keep = true, .seen = stop->seen};

	reader->json.at = stop->at;
	if (stop->whole)
		return 0;
	reader->json.depth = 1;
	frame.shape = &chat_rules[stop->type].shape;
	return read_members(reader, &frame, false);
}

/* Adds the finding about a `type` that is not valid. Returns false if it is valid, as one that the
 * scanner does not know is. A type that is not read because the text ends there has no finding. */
static bool
is_unknown(struct chat_reader *reader, enum chat_direction from)
{
	struct chat_json_value type;

	return chat_reader_find_type(reader, &type) <= 0 ||
		chat_reader_check_type(reader, &type, from) == CHAT_TYPE_UNKNOWN;
}

int
chat_msg_check_rest(struct chat_span line, size_t valid, const struct chat_scan_stop *stop,
	enum chat_direction from, chat_msg_report *report, void *arg)
{
	struct chat_reader reader;
	struct chat_msg unwanted;
	int broken = 0;

	while (valid > 0 && valid < line.len && (line.at[valid] & 0xC0) == 0x80)
		valid--;
	valid += chat_utf8_check(line.at + valid, line.len - valid);
	reader_init(&reader, &unwanted, line.at, report, arg);
	chat_json_begin(&reader.json, (struct chat_span){line.at, valid});
	unwanted.type = stop->type;
	unwanted.has = 0;
	if (stop->type == CHAT_TYPE_UNKNOWN && !is_unknown(&reader, from))
		return -1;
	if (stop->at <= line.at + valid)
		broken = read_from(&reader, stop);
	if (valid < line.len)
		broken = fail_utf8(valid, &reader.err);
	else if (!broken)
		broken = chat_json_end(&reader.json, &reader.err);
	if (broken)
		chat_findings_report(&reader.findings, &reader.err);
	return (int)reader.findings.reported;
}

char *
chat_msg_string(const struct chat_json_value *string)
{
	char *text = malloc(string->raw.len);

	if (text)
		text[chat_json_unescape(string, text, string->raw.len)] = '\0';
	return text;
}
