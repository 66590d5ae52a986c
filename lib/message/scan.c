/*
 * Compiles the table of rules for the scanner, and selects its variant. The scanner itself is in
 * scan_body.h, which scan_plain.c, scan_sse2.c, scan_avx2.c, scan_avx512.c and scan_neon.c compile
 * for different vectors.
 */
#include "message/scan.h"

#include <stdlib.h>

#include "message/rules.h"
#include "message/scan_plan.h"

struct scan_variant {
	const char *word;
	scan_accept *accept; /* NULL: not for this machine */
	scan_next *next;
	scan_read *read;
	scan_element *element;
};

struct chat_scan {
	const struct scan_variant *variant;
	struct scan_plan plan;
};

/* ---- the plan ---- */

static void
text_set(struct scan_text *text, const char *before, struct chat_span word, const char *behind)
{
	char bytes[16] = {0}, mask[16] = {0};
	size_t start = strlen(before), end = start + word.len, len = end + strlen(behind);

	*text = (struct scan_text){.mask = {UINT64_MAX}};
	if (len > sizeof(bytes))
		return;
	memcpy(bytes, before, start);
	memcpy(bytes + start, word.at, word.len);
	memcpy(bytes + end, behind, len - end);
	memset(mask, 0xFF, len);
	memcpy(text->bytes, bytes, sizeof(bytes));
	memcpy(text->mask, mask, sizeof(mask));
	text->len = (unsigned)len;
}

static const struct scan_shape *plan_shape(struct scan_plan *plan, const struct chat_shape *source);

static enum scan_kind
string_kind(const struct chat_rule *rule)
{
	switch (rule->format) {
	case CHAT_FORMAT_WORD:
		return SCAN_WORD;
	case CHAT_FORMAT_ID:
		return SCAN_ID;
	case CHAT_FORMAT_BASE64:
		return SCAN_BASE64;
	default:
		return rule->min > 0 || rule->max > 0 ? SCAN_LIMITED : SCAN_STRING;
	}
}

/* Returns the kind of a value that must follow its rule. */
static enum scan_kind
ruled_kind(const struct chat_rule *rule)
{
	switch (rule->kind) {
	case CHAT_RULE_STRING:
		return string_kind(rule);
	case CHAT_RULE_INTEGER:
		if (rule->has_min && rule->min == 1 && rule->max == 0)
			return SCAN_POSITIVE;
		if (rule->has_min && rule->min >= 0 && rule->max > 0)
			return SCAN_RANGE;
		return rule->has_min || rule->max > 0 ? SCAN_UNDECIDED : SCAN_INTEGER;
	case CHAT_RULE_BOOLEAN:
		return SCAN_BOOLEAN;
	case CHAT_RULE_OBJECT:
		return rule->shape ? SCAN_OBJECT : SCAN_UNDECIDED;
	case CHAT_RULE_ARRAY:
		return rule->shape ? SCAN_ARRAY : SCAN_UNDECIDED;
	case CHAT_RULE_WORDS:
		return SCAN_UNDECIDED;
	}
	return SCAN_UNDECIDED;
}

/* An additional property without a shape may have any value. If it has a shape, the scanner follows
 * the shape, because the keys of the shape must not be duplicate. */
static enum scan_kind
field_kind(const struct chat_rule *rule)
{
	if (!rule->addition || rule->shape)
		return ruled_kind(rule);
	return rule->kind == CHAT_RULE_STRING ? SCAN_MOSTLY_STRING : SCAN_ANY;
}

#define POINT_BYTES_MAX 12 /* bytes of a code point that is written as two escapes */

static void
plan_field(struct scan_plan *plan, struct scan_field *field, const struct chat_rule *rule)
{
	field->kind = field_kind(rule);
	field->read_kind = ruled_kind(rule);
	field->slot = rule->slot;
	text_set(&field->name, "\"", rule->name, "\"");
	text_set(&field->canonical, ",\"", rule->name,
		field->kind <= SCAN_MOSTLY_STRING ? "\":\"" : "\":");
	if (field->name.len == 0)
		plan->overflow = true; /* an empty name would match unknown keys */
	if (rule->word)
		text_set(&field->word, "\"", chat_span_of(rule->word), "\"");
	field->min = (size_t)rule->min;
	field->max = rule->max ? (size_t)rule->max : SIZE_MAX;
	field->enough = field->min > 1 ? field->min * POINT_BYTES_MAX : field->min;
	if (rule->shape)
		field->shape = plan_shape(plan, rule->shape);
}

static void
plan_fill(struct scan_plan *plan, struct scan_shape *shape, const struct chat_shape *source)
{
	struct scan_field *fields = plan->fields + plan->field_count;

	if (source->count >= SCAN_FIELDS_MAX - plan->field_count) {
		plan->overflow = true;
		return;
	}
	plan->field_count += source->count + 1;
	shape->source = source;
	shape->fields = fields;
	shape->count = source->count;
	for (size_t i = 0; i < source->count; i++) {
		fields[i].bit = UINT32_C(1) << i;
		if (source->rules[i].required)
			shape->required |= fields[i].bit;
		plan_field(plan, &fields[i], &source->rules[i]);
	}
	text_set(&shape->opening, "{\"", source->rules[0].name,
		fields[0].kind <= SCAN_MOSTLY_STRING ? "\":\"" : "\":");
	fields[source->count].kind = SCAN_UNDECIDED;
	text_set(&fields[source->count].canonical, "more than sixteen", CHAT_SPAN(""), "");
	text_set(&fields[source->count].name, "more than sixteen", CHAT_SPAN(""), "");
}

static const struct scan_shape *
plan_shape(struct scan_plan *plan, const struct chat_shape *source)
{
	struct scan_shape *shape = plan->shapes;

	for (size_t i = 0; i < plan->shape_count; i++, shape++)
		if (shape->source == source)
			return shape;
	if (plan->shape_count == SCAN_SHAPES_MAX) {
		plan->overflow = true;
		return plan->shapes;
	}
	plan->shape_count++;
	plan_fill(plan, shape, source);
	return shape;
}

/* Adds a type. If another type has its index in plan->types, lines of this type are undecided. */
static void
plan_type(struct scan_plan *plan, const struct chat_rules_type *type)
{
	char word[16] = {0};
	unsigned char *place;

	memcpy(word, plan->shapes[type->type].fields[0].word.bytes, sizeof(word));
	place = &plan->types[scan_place(word + 1)];
	if (*place == CHAT_TYPE_UNKNOWN)
		*place = (unsigned char)type->type;
}

static void
plan_init(struct scan_plan *plan, enum chat_direction from)
{
	memset(plan->types, CHAT_TYPE_UNKNOWN, sizeof(plan->types));
	text_set(&plan->type_key, "\"", CHAT_SPAN("type"), "\"");
	plan->shape_count = CHAT_TYPES;
	for (int type = 0; type < CHAT_TYPES; type++)
		plan->shapes[type].source = &chat_rules[type].shape;
	for (int type = 0; type < CHAT_TYPES; type++) {
		plan_fill(plan, &plan->shapes[type], &chat_rules[type].shape);
		if (!plan->overflow && chat_rules_allow((enum chat_type)type, from))
			plan_type(plan, &chat_rules[type]);
	}
}

/* ---- the variants ---- */

#define FOUR(byte) byte, byte, byte, byte
#define SIXTEEN(byte) FOUR(byte), FOUR(byte), FOUR(byte), FOUR(byte)
#define EACH(byte) \
	{ \
		SIXTEEN(byte), SIXTEEN(byte), SIXTEEN(byte), SIXTEEN(byte) \
	}
const struct scan_bytes chat_scan_bytes = {EACH('\\'), EACH(' '), EACH(2), EACH('0'), EACH(9)};

#define ON_ALL(function) function
#if defined(__x86_64__)
#define ON_X86(function) function
#else
#define ON_X86(function) NULL
#endif
#if CHAT_SCAN_HAS_NEON
#define ON_ARM64(function) function
#else
#define ON_ARM64(function) NULL
#endif

#define VARIANT(name, on) \
	{ \
#name, on(chat_scan_accept_##name), on(chat_scan_next_##name), \
			on(chat_scan_read_##name), on(chat_scan_element_##name) \
	}

static const struct scan_variant variants[CHAT_SCAN_VARIANTS] = {
	[CHAT_SCAN_PLAIN] = VARIANT(plain, ON_ALL),
	[CHAT_SCAN_SSE2] = VARIANT(sse2, ON_X86),
	[CHAT_SCAN_AVX2] = VARIANT(avx2, ON_X86),
	[CHAT_SCAN_AVX512] = VARIANT(avx512, ON_X86),
	[CHAT_SCAN_NEON] = VARIANT(neon, ON_ARM64),
};

bool
chat_scan_can(enum chat_scan_variant variant)
{
#if defined(__x86_64__)
	bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("popcnt");

	if (variant == CHAT_SCAN_AVX2)
		return avx2;
	/* Processors before those with VBMI2 lower their clock for such vectors. */
	if (variant == CHAT_SCAN_AVX512)
		return avx2 && __builtin_cpu_supports("avx512bw") &&
			__builtin_cpu_supports("avx512vbmi2");
#endif
	return variants[variant].accept != NULL;
}

enum chat_scan_variant
chat_scan_best(void)
{
	enum chat_scan_variant variant = CHAT_SCAN_VARIANTS - 1;

	while (!chat_scan_can(variant))
		variant--;
	return variant;
}

const char *
chat_scan_word(enum chat_scan_variant variant)
{
	return variants[variant].word;
}

struct chat_scan *
chat_scan_new(enum chat_direction from, enum chat_scan_variant variant)
{
	struct chat_scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return NULL;
	scan->variant = &variants[variant];
	plan_init(&scan->plan, from);
	if (!scan->plan.overflow)
		return scan;
	chat_scan_free(scan);
	return NULL;
}

void
chat_scan_free(struct chat_scan *scan)
{
	free(scan);
}

void
chat_scan_accept(const struct chat_scan *scan, struct chat_scan_lines *lines)
{
	scan->variant->accept(&scan->plan, lines);
}

bool
chat_scan_read(const struct chat_scan *scan, struct chat_span line, struct chat_msg *msg)
{
	return scan->variant->read(&scan->plan, line, msg);
}

bool
chat_scan_next(const struct chat_scan *scan, struct chat_scan_lines *lines, struct chat_msg *msg)
{
	return scan->variant->next(&scan->plan, lines, msg);
}

const char *
chat_scan_element(
	const struct chat_scan *scan, enum chat_type list, const char *at, struct chat_msg *msg)
{
	const struct scan_field *array = &scan->plan.shapes[list].fields[1];

	msg->type = list == CHAT_TYPE_HISTORY ? CHAT_TYPE_MESSAGE : CHAT_TYPE_UNKNOWN;
	return scan->variant->element(array->shape, at, msg);
}
