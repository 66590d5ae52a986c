/*
 * From bytes to a message: line -> json -> msg -> room. One pass over the JSON reader, steered by
 * the table of rules: what a key means is looked up in the shape at hand, its value is checked
 * where it stands, and a bit is kept for it. Recursion follows the table, which is three levels
 * deep, never the input.
 */
#include "chat/msg.h"

#include "chat/buf.h"
#include "chat/utf8.h"
#include "message/finding.h"
#include "message/strict.h"
#include "message/value.h"

struct reader {
	struct chat_json json;
	struct chat_msg *msg;
	struct chat_findings findings;
	bool strict;
	struct chat_err err; /* of the JSON */
};

/* One object that is being read. */
struct frame {
	const struct chat_shape *shape;
	const struct chat_place *place;
	bool keep; /* its values go into the message */
	size_t next; /* the rule behind that of the last member */
	uint32_t seen; /* a bit per rule of the shape */
	uint32_t true_bits; /* of those, the booleans that are true */

	/* Of strict checking, for a file: */
	uint32_t measured; /* 1: data_bytes is known, 2: size is */
	size_t data_bytes; /* what its base64 stands for */
	struct chat_json_value size; /* what it says of itself */
};

static void
check_value(struct reader *reader, const struct chat_rule *rule,
	const struct chat_json_value *value, const struct chat_place *place)
{
	struct chat_err err;

	if (chat_value_check(rule, value, reader->strict, &err) == 0)
		return;
	err.offset += (size_t)(value->raw.at - reader->json.start);
	chat_findings_add(&reader->findings, place, &err);
}

static int read_object(struct reader *reader, struct frame *frame);

static int
read_array(struct reader *reader, const struct chat_shape *shape, const struct chat_place *place)
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
			chat_findings_flaw(&reader->findings, &element, other.raw.at,
				CHAT_BAD_MESSAGE, "expected object, got %s",
				chat_json_kind_word(kind));
		}
		element.index++;
	}
	return more;
}

/* The value of a rule's key: read whole, or entered where the rule says what is inside. */
static int
read_value(struct reader *reader, const struct chat_rule *rule, const struct chat_place *place,
	bool keep, struct chat_json_value *value)
{
	enum chat_json_kind kind;
	const char *start;

	if (rule->shape == NULL)
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

/* A slot, and those of what is inside it. */
static uint64_t
slot_bits(const struct chat_rule *rule)
{
	uint64_t bits = rule->slot == CHAT_SLOT_NONE ? 0 : UINT64_C(1) << rule->slot;

	if (rule->kind == CHAT_RULE_OBJECT && rule->shape)
		for (size_t i = 0; i < rule->shape->count; i++)
			bits |= UINT64_C(1) << rule->shape->rules[i].slot;
	return bits;
}

/* Base64 must be canonical and of as many bytes as `size` says, once both are known. */
static void
check_file(struct reader *reader, struct frame *frame, const struct chat_rule *rule,
	const struct chat_json_value *value, const struct chat_place *place)
{
	if (rule->format == CHAT_FORMAT_BASE64) {
		frame->measured |= 1;
		if (!chat_strict_base64(value, &frame->data_bytes))
			chat_findings_flaw(&reader->findings, place, value->raw.at, CHAT_BAD_BASE64,
				"expected base64 with padding and without stray bits");
	} else if (rule->slot == CHAT_SLOT_FILE_SIZE) {
		frame->measured |= 2;
		frame->size = *value;
	} else {
		return;
	}
	if (frame->measured == 3 &&
		chat_json_compare_integer(frame->size.raw, (int64_t)frame->data_bytes) != 0)
		chat_findings_flaw(&reader->findings, place, value->raw.at, CHAT_BAD_MESSAGE,
			"the data has %zu bytes, which is not the size", frame->data_bytes);
}

static int
read_known(struct reader *reader, struct frame *frame, const struct chat_rule *rule,
	const struct chat_json_value *key)
{
	uint32_t bit = UINT32_C(1) << (rule - frame->shape->rules);
	struct chat_place place = {.up = frame->place, .name = rule->name};
	bool repeated = (frame->seen & bit) != 0;
	bool keep = frame->keep && rule->slot != CHAT_SLOT_NONE && !repeated;
	bool mute = rule->addition && !reader->strict;
	struct chat_json_value other;
	struct chat_json_value *value = keep ? &reader->msg->value[rule->slot] : &other;
	size_t flaws = reader->findings.flaws;

	if (repeated)
		chat_findings_flaw(&reader->findings, &place, key->raw.at, CHAT_DUPLICATE_KEY,
			CHAT_KEY_IS_THERE);
	frame->seen |= bit;
	reader->findings.muted += mute;
	if (read_value(reader, rule, &place, keep, value))
		return -1;
	check_value(reader, rule, value, &place);
	if (reader->strict && reader->findings.flaws == flaws)
		check_file(reader, frame, rule, value, &place);
	reader->findings.muted -= mute;
	if (reader->findings.flaws == flaws && value->kind == CHAT_JSON_BOOLEAN &&
		*value->raw.at == 't')
		frame->true_bits |= bit;
	if (keep)
		reader->msg->has |= UINT64_C(1) << rule->slot;
	if (keep && reader->findings.flaws != flaws)
		reader->msg->has &= ~slot_bits(rule);
	return 0;
}

/* A string's meaning, decoded into room where it must be; too long for that, it is like no word. */
static struct chat_span
short_meaning(const struct chat_json_value *string, char *room, size_t size)
{
	if (!string->escaped)
		return chat_json_inside(string);
	return (struct chat_span){room, chat_json_unescape(string, room, size)};
}

/* Members mostly come in the order of the table: the next one is the first guess. */
static const struct chat_rule *
find_rule(struct frame *frame, const struct chat_json_value *key)
{
	const struct chat_shape *shape = frame->shape;
	const struct chat_rule *rule = shape->rules + frame->next;
	char room[16]; /* no name of the table is longer */
	struct chat_span name = short_meaning(key, room, sizeof(room));

	if (frame->next == shape->count || !chat_span_equal(rule->name, name))
		rule = chat_shape_find(shape, name);
	if (rule)
		frame->next = (size_t)(rule - shape->rules) + 1;
	return rule;
}

static bool
is_excused(const struct frame *frame, const struct chat_rule *rule)
{
	const struct chat_rule *excuse;

	if (rule->unless == NULL)
		return false;
	excuse = chat_shape_find(frame->shape, chat_span_of(rule->unless));
	return (frame->true_bits >> (excuse - frame->shape->rules) & 1) != 0;
}

/* The cursor is behind the object: its closing bracket is where something is missing. */
static void
check_missing(struct reader *reader, const struct frame *frame)
{
	for (size_t i = 0; i < frame->shape->count; i++) {
		const struct chat_rule *rule = &frame->shape->rules[i];
		struct chat_place place = {.up = frame->place, .name = rule->name};

		if (rule->required && (frame->seen >> i & 1) == 0 && !is_excused(frame, rule))
			chat_findings_flaw(&reader->findings, &place, reader->json.at - 1,
				CHAT_BAD_MESSAGE, "is missing");
	}
}

static int
read_object(struct reader *reader, struct frame *frame)
{
	struct chat_json_value key, other;
	bool first;
	int more;

	if (chat_json_enter(&reader->json, &first, &reader->err))
		return -1;
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

/* Looks ahead for the value of `type`: 1 found, 0 there is none, -1 the JSON breaks before it. */
static int
find_type(struct reader *reader, struct chat_json_value *type)
{
	struct chat_json json = reader->json;
	struct chat_json_value key;
	bool first;
	int more;

	if (chat_json_enter(&json, &first, &reader->err))
		return -1;
	while ((more = chat_json_member(&json, &first, &key, &reader->err)) > 0) {
		if (chat_json_read(&json, type, &reader->err))
			return -1;
		if (chat_json_string_is(&key, CHAT_SPAN("type")))
			return 1;
	}
	return more;
}

static void
list_types(char *out, size_t size, enum chat_direction from)
{
	char *at = out, *end = out + size - 1;

	for (int type = 0; type < CHAT_TYPES; type++) {
		if (!chat_rules_allow((enum chat_type)type, from))
			continue;
		if (at > out)
			at = chat_span_put(at, end, CHAT_SPAN(", "));
		at = chat_span_put(at, end, chat_span_of(chat_rules[type].word));
	}
	*at = '\0';
}

/* The type that this value names, or UNKNOWN after saying why it is none. */
static enum chat_type
check_type(struct reader *reader, const struct chat_json_value *value, enum chat_direction from)
{
	struct chat_place place = {.name = CHAT_SPAN("type")};
	enum chat_type type;
	char word[16]; /* no type is longer */
	char known[96];

	if (value->kind != CHAT_JSON_STRING) {
		chat_findings_flaw(&reader->findings, &place, value->raw.at, CHAT_BAD_MESSAGE,
			"expected string, got %s", chat_json_kind_word(value->kind));
		return CHAT_TYPE_UNKNOWN;
	}
	type = chat_rules_find(short_meaning(value, word, sizeof(word)));
	if (type != CHAT_TYPE_UNKNOWN && chat_rules_allow(type, from))
		return type;
	list_types(known, sizeof(known), from);
	if (type == CHAT_TYPE_UNKNOWN)
		chat_findings_flaw(&reader->findings, &place, value->raw.at, CHAT_UNKNOWN_TYPE,
			"expected one of %s", known);
	else if (type == CHAT_TYPE_INIT && from == CHAT_FROM_INPUT)
		chat_findings_flaw(&reader->findings, &place, value->raw.at, CHAT_UNKNOWN_TYPE,
			"chat-send says \"init\" by itself; expected one of %s", known);
	else
		chat_findings_flaw(&reader->findings, &place, value->raw.at, CHAT_UNKNOWN_TYPE,
			"only a %s says \"%s\"; expected one of %s",
			chat_rules[type].from == CHAT_FROM_CLIENT ? "client" : "server",
			chat_rules[type].word, known);
	return CHAT_TYPE_UNKNOWN;
}

/* Looks ahead for what an object without a type says. */
static enum chat_type
find_meaning(const struct reader *reader)
{
	struct chat_json json = reader->json;
	struct chat_json_value key, value;
	bool first, file = false;

	if (chat_json_enter(&json, &first, NULL))
		return CHAT_TYPE_UNKNOWN;
	while (chat_json_member(&json, &first, &key, NULL) > 0) {
		if (chat_json_string_is(&key, CHAT_SPAN("text")))
			return CHAT_TYPE_TEXT;
		file |= chat_json_string_is(&key, CHAT_SPAN("file"));
		if (chat_json_read(&json, &value, NULL))
			break;
	}
	return file ? CHAT_TYPE_FILE : CHAT_TYPE_UNKNOWN;
}

/* The object that begins at the cursor, by the rules of its type where it has one. */
static int
read_typed(struct reader *reader, enum chat_direction from)
{
	static const struct chat_place type_place = {.name = {"type", 4}};
	struct chat_msg *msg = reader->msg;
	struct chat_json_value type, whole;
	struct frame frame = {.keep = true};
	int found = find_type(reader, &type);

	if (found < 0)
		return -1;
	if (found > 0)
		msg->type = check_type(reader, &type, from);
	else if (from == CHAT_FROM_INPUT)
		msg->type = find_meaning(reader);
	if (msg->type != CHAT_TYPE_UNKNOWN) {
		frame.shape = &chat_rules[msg->type].shape;
		frame.seen = found == 0; /* the type is the first in the table */
		return read_object(reader, &frame);
	}
	if (chat_json_read(&reader->json, &whole, &reader->err))
		return -1;
	if (found == 0)
		chat_findings_flaw(&reader->findings, &type_place, reader->json.at - 1,
			CHAT_BAD_MESSAGE, "is missing");
	return 0;
}

/* 0, whatever is said against the message, or -1 with reader->err where the JSON breaks. */
static int
read_line(struct reader *reader, struct chat_span text, enum chat_direction from)
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
		chat_findings_flaw(&reader->findings, NULL, start, CHAT_BAD_MESSAGE,
			"expected object, got %s", chat_json_kind_word(kind));
	}
	reader->msg->line = (struct chat_span){start, (size_t)(reader->json.at - start)};
	return chat_json_end(&reader->json, &reader->err);
}

/* Everything but err, which only an error fills. */
static void
reader_init(struct reader *reader, struct chat_msg *msg, const char *start, chat_msg_report *report,
	void *arg)
{
	reader->msg = msg;
	reader->strict = false;
	reader->findings = (struct chat_findings){.start = start, .report = report, .arg = arg};
}

struct first {
	struct chat_err *err; /* NULL: taken, or not wanted */
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
	struct first first = {err};
	struct reader reader;

	if (valid < line.len)
		return fail_utf8(valid, err);
	reader_init(&reader, msg, line.at, keep_first, &first);
	if (read_line(&reader, line, from) == 0)
		return reader.findings.said == 0 ? 0 : -1;
	if (err)
		*err = reader.err;
	return -1;
}

unsigned
chat_msg_check(struct chat_msg *msg, struct chat_span line, enum chat_direction from, unsigned how,
	chat_msg_report *report, void *arg)
{
	struct chat_span valid = line;
	struct chat_msg unwanted;
	struct reader reader;
	int broken;

	if (!(how & CHAT_MSG_IS_UTF8))
		valid.len = chat_utf8_check(line.at, line.len);
	reader_init(&reader, msg ? msg : &unwanted, line.at, report, arg);
	reader.strict = (how & CHAT_MSG_STRICT) != 0;
	if (reader.strict)
		chat_strict_keys_find(&reader.findings.keys, valid);
	broken = read_line(&reader, valid, from);
	if (valid.len < line.len)
		broken = fail_utf8(valid.len, &reader.err);
	chat_findings_say_keys(&reader.findings, line.len);
	if (broken)
		chat_findings_say(&reader.findings, &reader.err);
	chat_strict_keys_free(&reader.findings.keys);
	return reader.findings.said;
}

char *
chat_msg_string(const struct chat_json_value *string)
{
	char *text = chat_alloc(string->raw.len);

	text[chat_json_unescape(string, text, string->raw.len)] = '\0';
	return text;
}
