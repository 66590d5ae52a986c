#ifndef CHAT_SCAN_BODY_H
#define CHAT_SCAN_BODY_H

/*
 * The scanner: one pass over a line, steered by the plan. Every function gets the place where its
 * part begins and returns the place behind it, or NULL: "ask". No place is compared with the end of
 * the buffer: a newline is illegal everywhere inside a line, so whatever looks at bytes stops
 * there. UTF-8 is checked ahead, over all the lines at once.
 *
 * Written in vectors of SCAN_WIDTH bytes. Who includes this defines SCAN_WIDTH, SCAN_NAME and
 * vec_mask(); without them it is the plain variant.
 */
#include <endian.h>
#include <string.h>

#include "scan_plan.h"

#ifndef SCAN_WIDTH
#define SCAN_WIDTH 8
#define SCAN_NAME chat_scan_plain
#endif

/* Comparisons give 0 or 0xFF in each byte. */
typedef unsigned char vec __attribute__((vector_size(SCAN_WIDTH)));

static inline vec
vec_load(const char *at)
{
	vec bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

static inline vec
vec_of(unsigned char byte)
{
	return byte - (vec){0};
}

/* The top bits of the bytes, one every VEC_STRIDE bits, the first byte's lowest. */
#if SCAN_WIDTH == 8
#define VEC_STRIDE 8
static inline uint64_t
vec_mask(vec bytes)
{
	uint64_t word;

	memcpy(&word, &bytes, sizeof(word));
	return le64toh(word) >> 7 & UINT64_C(0x0101010101010101);
}
#define VEC_ALL UINT64_C(0x0101010101010101)
#else
#define VEC_STRIDE 1
static inline uint64_t vec_mask(vec bytes);
#define VEC_ALL ((UINT64_C(1) << SCAN_WIDTH) - 1)
#endif

/* The index of the first byte of a mask that is not 0. */
static inline size_t
mask_first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / VEC_STRIDE;
}

/* Of a mask, the bytes before an index (< SCAN_WIDTH). */
static inline uint64_t
mask_before(uint64_t mask, size_t index)
{
	return mask & ((UINT64_C(1) << index * VEC_STRIDE) - 1);
}

/* ---- UTF-8 ---- */

/* Not 0 where the bytes at `at` do not go on what is before them; looks three bytes back. */
#ifdef SCAN_OWN_WAYS
static inline vec utf8_flaws(const char *at);
#else
static inline vec
utf8_flaws(const char *at)
{
	vec here = vec_load(at), one = vec_load(at - 1), two = vec_load(at - 2);
	vec three = vec_load(at - 3);
	vec wanted = (vec)(one >= vec_of(0xC0)) | (vec)(two >= vec_of(0xE0)) |
		(vec)(three >= vec_of(0xF0));
	vec continues = (vec)((here & vec_of(0xC0)) == vec_of(0x80));
	vec overlong = ((vec)(one == vec_of(0xE0)) & (vec)(here < vec_of(0xA0))) |
		((vec)(one == vec_of(0xF0)) & (vec)(here < vec_of(0x90))) |
		(vec)((here & vec_of(0xFE)) == vec_of(0xC0));
	vec too_large = ((vec)(one == vec_of(0xF4)) & (vec)(here > vec_of(0x8F))) |
		(vec)(here > vec_of(0xF4));
	vec surrogate = (vec)(one == vec_of(0xED)) & (vec)(here > vec_of(0x9F));

	return (wanted ^ continues) | overlong | too_large | surrogate;
}
#endif

#ifdef SCAN_OWN_WAYS
static inline bool has_flaw(vec flaws);
#else
static inline bool
has_flaw(vec flaws)
{
	return vec_mask((vec)(flaws != vec_of(0))) != 0;
}
#endif

/* The beginning or the end of what is checked: nothing stands before it, nothing behind. */
struct edge {
	char before[4], bytes[2 * SCAN_WIDTH];
};

static __attribute__((noinline)) bool
edge_has_flaw(const char *before, const char *at, size_t len)
{
	struct edge edge = {{0}, {0}};

	if (before)
		memcpy(edge.before + 1, before, 3);
	memcpy(edge.bytes, at, len);
	return has_flaw(utf8_flaws(edge.bytes) | utf8_flaws(edge.bytes + SCAN_WIDTH));
}

/* A place up to which the bytes are UTF-8, exact but for a few vectors; end when all of them are.
 */
static const char *
utf8_run(const char *at, const char *end)
{
	const char *start = at;
	uint64_t open = 1; /* the vector before this ends with bytes that are not ASCII, perhaps */

	if (end - at < 2 * SCAN_WIDTH)
		return edge_has_flaw(NULL, at, (size_t)(end - at)) ? start : end;
	if (edge_has_flaw(NULL, at, 2 * SCAN_WIDTH))
		return start;
	for (at += 2 * SCAN_WIDTH; end - at >= 2 * SCAN_WIDTH; at += 2 * SCAN_WIDTH) {
		vec second = vec_load(at + SCAN_WIDTH);

		if ((vec_mask(vec_load(at) | second) | open) == 0)
			continue;
		open = vec_mask(second) >> (SCAN_WIDTH - 3) * VEC_STRIDE;
		if (has_flaw(utf8_flaws(at) | utf8_flaws(at + SCAN_WIDTH)))
			return at - 3;
	}
	return edge_has_flaw(at - 3, at, (size_t)(end - at)) ? at - 3 : end;
}

/* ---- JSON ---- */

#ifdef SCAN_OWN_WAYS
static inline bool is_spelled(const char *at, const struct scan_text *text);
#else
static inline bool
is_spelled(const char *at, const struct scan_text *text)
{
	uint64_t bytes[2];

	memcpy(bytes, at, sizeof(bytes));
	return (((bytes[0] ^ text->bytes[0]) & text->mask[0]) |
		       ((bytes[1] ^ text->bytes[1]) & text->mask[1])) == 0;
}
#endif

static inline const char *
skip_space(const char *at)
{
	if ((unsigned char)*at > ' ')
		return at;
	while (*at == ' ' || *at == '\t' || *at == '\r')
		at++;
	return at;
}

static inline vec
vec_constant(const unsigned char bytes[32])
{
	vec all;

	memcpy(&all, __builtin_assume_aligned(bytes, 32), sizeof(all));
	return all;
}

/* To the next quote, backslash or control character. Two, exclusively or'ed, makes the quote a
 * blank, and leaves control characters such. */
static inline const char *
skip_plain(const char *at)
{
	for (;; at += SCAN_WIDTH) {
		vec bytes = vec_load(at);
		vec low = bytes ^ vec_constant(chat_scan_bytes.two);
		uint64_t special = vec_mask((vec)(low <= vec_constant(chat_scan_bytes.blank)) |
			(vec)(bytes == vec_constant(chat_scan_bytes.backslash)));

		if (special)
			return at + mask_first(special);
	}
}

/* Past letters, digits and these two. */
static inline const char *
skip_class(const char *at, char one, char other)
{
	for (;; at += SCAN_WIDTH) {
		vec bytes = vec_load(at);
		vec letter = (vec)((bytes | vec_of(0x20)) - vec_of('a') <= vec_of('z' - 'a'));
		vec digit = (vec)(bytes - vec_of('0') <= vec_of(9));
		vec rest = (vec)(bytes == vec_of((unsigned char)one)) |
			(vec)(bytes == vec_of((unsigned char)other));
		uint64_t no = vec_mask(letter | digit | rest) ^ VEC_ALL;

		if (no)
			return at + mask_first(no);
	}
}

static inline const char *
skip_digits(const char *at)
{
	for (;; at += SCAN_WIDTH) {
		vec value = vec_load(at) - vec_constant(chat_scan_bytes.zero);
		uint64_t no =
			vec_mask((vec)(value <= vec_constant(chat_scan_bytes.nine))) ^ VEC_ALL;

		if (no)
			return at + mask_first(no);
	}
}

static inline int
hex_digit(unsigned char byte)
{
	unsigned digit = byte - '0', letter = (byte | 0x20u) - 'a';

	return digit <= 9 ? (int)digit : letter <= 5 ? (int)letter + 10 : -1;
}

/* The value of four hexadecimal digits, negative where one is none. */
static inline int
hex_unit(const char *at)
{
	int unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit((unsigned char)at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

/* Past one escape, or a pair of surrogates. */
static const char *
skip_escape(const char *at)
{
	int unit;

	switch (at[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return at + 2;
	case 'u':
		break;
	default:
		return NULL;
	}
	unit = hex_unit(at + 2);
	if (unit <= 0 || (unit & 0xFC00) == 0xDC00)
		return NULL;
	if ((unit & 0xFC00) != 0xD800)
		return at + 6;
	if (at[6] != '\\' || at[7] != 'u' || (hex_unit(at + 8) & ~0x3FF) != 0xDC00)
		return NULL;
	return at + 12;
}

#if VEC_STRIDE == 1
/* A bit for each of 32 bytes. */
struct escape_masks {
	uint64_t backslash, end, u, hex, zero, d, octal, c_to_f;
};

static inline struct escape_masks
escape_masks(const char *at)
{
	struct escape_masks masks = {0};

	for (unsigned i = 0; i < 32; i += SCAN_WIDTH) {
		vec bytes = vec_load(at + i), lower = bytes | vec_of(0x20);
		vec letter = (vec)(lower - vec_of('a') <= vec_of(5));

		masks.backslash |= vec_mask((vec)(bytes == vec_of('\\'))) << i;
		masks.end |= vec_mask((vec)(bytes == vec_of('"')) | (vec)(bytes < vec_of(' ')))
			<< i;
		masks.u |= vec_mask((vec)(bytes == vec_of('u'))) << i;
		masks.hex |= vec_mask((vec)(bytes - vec_of('0') <= vec_of(9)) | letter) << i;
		masks.zero |= vec_mask((vec)(bytes == vec_of('0'))) << i;
		masks.d |= vec_mask((vec)(lower == vec_of('d'))) << i;
		masks.octal |= vec_mask((vec)(bytes - vec_of('0') <= vec_of(7))) << i;
		masks.c_to_f |= vec_mask((vec)(lower - vec_of('c') <= vec_of(3))) << i;
	}
	return masks;
}

/* The one-letter escapes at the places of a mask. */
static inline bool
are_letters(const char *at, uint64_t places)
{
	for (; places; places &= places - 1)
		if (memchr("\"/bfnrt", at[mask_first(places)], 7) == NULL)
			return false;
	return true;
}

/*
 * From a backslash over 32 bytes with all the escapes in them; less where an escape or a pair of
 * surrogates would reach across, and where a backslash is escaped.
 */
static const char *
skip_escapes(const char *at)
{
	struct escape_masks masks = escape_masks(at);
	uint64_t escaped = masks.backslash << 1, units = escaped & masks.u;
	uint64_t second = (units << 1 & masks.d) << 1 & ~masks.octal; /* digit of a surrogate */
	uint64_t high = (second & ~masks.c_to_f) >> 3, low = (second & masks.c_to_f) >> 3;
	uint64_t ends, before, digits;

	if (masks.backslash & escaped)
		return skip_escape(at);
	ends = (masks.end & ~escaped) | masks.backslash >> 27 << 27 | high >> 21 << 21;
	before = ends ? (ends & -ends) - 1 : UINT32_MAX;
	units &= before;
	digits = units << 1 | units << 2 | units << 3 | units << 4;
	if (digits & ~masks.hex || (low & before) != (high & before) << 6)
		return NULL;
	if (units << 1 & masks.zero & masks.zero >> 1 & masks.zero >> 2 & masks.zero >> 3)
		return NULL;
	if (!are_letters(at, escaped & ~units & before))
		return NULL;
	return ends ? at + mask_first(ends) : at + 32;
}
#else
#define skip_escapes skip_escape
#endif

/* The inside of a string, and its closing quote. */
static inline const char *
scan_string(const char *at)
{
	for (;;) {
		at = skip_plain(at);
		if (*at == '"')
			return at + 1;
		if (*at != '\\')
			return NULL;
		do
			at = at[1] == 'u' ? skip_escapes(at) : skip_escape(at);
		while (at && *at == '\\');
		if (at == NULL)
			return NULL;
	}
}

static inline size_t
count_plain(const char *at, const char *end)
{
	size_t count = (size_t)(end - at);

	for (; at < end; at += SCAN_WIDTH) {
		vec bytes = vec_load(at);
		uint64_t more = vec_mask((vec)((bytes & vec_of(0xC0)) == vec_of(0x80)));

		if (end - at < SCAN_WIDTH)
			more = mask_before(more, (size_t)(end - at));
		count -= (size_t)__builtin_popcountll(more);
	}
	return count;
}

/* Code points of the inside of a string that was scanned. */
static size_t
count_points(const char *at, const char *end)
{
	size_t points = 0;

	while (at < end) {
		const char *plain = skip_plain(at);
		bool pair;

		if (plain > at) {
			points += count_plain(at, plain);
			at = plain;
			continue;
		}
		pair = (at[2] | 0x20) == 'd' && at[3] >= '8';
		at += at[1] != 'u' ? 2 : pair ? 12 : 6;
		points++;
	}
	return points;
}

static inline const char *
scan_limited(const struct scan_field *field, const char *start)
{
	const char *end = scan_string(start);
	size_t bytes, points;

	if (end == NULL)
		return NULL;
	bytes = (size_t)(end - 1 - start);
	if (bytes >= field->enough && bytes <= field->max)
		return end;
	points = count_points(start, end - 1);
	return points >= field->min && points <= field->max ? end : NULL;
}

static inline const char *
scan_id(const char *start)
{
	const char *end = skip_class(start, '-', '-');

	return end > start && *end == '"' ? end + 1 : NULL;
}

static inline const char *
scan_base64(const char *start)
{
	const char *end = skip_class(start, '+', '/');
	size_t odd = (size_t)(end - start) % 4;

	if (*end == '"')
		return odd == 1 ? NULL : end + 1;
	if (odd == 2 && end[0] == '=' && end[1] == '=' && end[2] == '"')
		return end + 3;
	return odd == 3 && end[0] == '=' && end[1] == '"' ? end + 2 : NULL;
}

/* Digits alone; what has a point or an exponent is asked about. */
static inline const char *
scan_integer(const char *at, bool positive)
{
	const char *digits = at + (*at == '-');
	const char *end = skip_digits(digits);

	if (end == digits || *end == '.' || (*end | 0x20) == 'e')
		return NULL;
	if (*digits == '0' && end > digits + 1)
		return NULL;
	return positive && (digits > at || *digits == '0') ? NULL : end;
}

static inline const char *
scan_fraction(const char *at)
{
	const char *end;

	at += *at == '-';
	end = skip_digits(at);
	if (end == at || (*at == '0' && end > at + 1))
		return NULL;
	if (*end == '.') {
		at = end + 1;
		end = skip_digits(at);
		if (end == at)
			return NULL;
	}
	if ((*end | 0x20) == 'e') {
		at = end + 1;
		at += *at == '+' || *at == '-';
		end = skip_digits(at);
		if (end == at)
			return NULL;
	}
	return end;
}

static inline const char *
scan_word(const char *at, const char *word, size_t len)
{
	return memcmp(at, word, len) == 0 ? at + len : NULL;
}

/* Which of the two it is nobody can predict, so nothing branches on it. */
static inline const char *
scan_boolean(const char *at)
{
	bool is_true = memcmp(at, "true", 4) == 0;
	bool is_false = (memcmp(at, "fals", 4) == 0) & (at[4] == 'e');

	return is_true | is_false ? at + 5 - is_true : NULL;
}

static const char *
scan_scalar(const char *at)
{
	switch (*at) {
	case '"':
		return scan_string(at + 1);
	case 't':
	case 'f':
		return scan_boolean(at);
	case 'n':
		return scan_word(at, "null", 4);
	default:
		return scan_fraction(at);
	}
}

/* A key, its colon, and to the value. */
static const char *
scan_key(const char *at)
{
	if (*at != '"' || !(at = scan_string(at + 1)))
		return NULL;
	at = skip_space(at);
	return *at == ':' ? skip_space(at + 1) : NULL;
}

/* An object or array that nobody looks into. */
static const char *
scan_container(const char *at)
{
	uint64_t nest = 1; /* below the top one, a bit for each level: 1 for an object */

	for (;;) {
		bool opened = *at == '{' || *at == '[';

		if (opened) {
			if (nest >> 63)
				return NULL;
			nest = nest << 1 | (*at == '{');
			at = skip_space(at + 1);
		} else if ((at = scan_scalar(at))) {
			at = skip_space(at);
		} else {
			return NULL;
		}
		while (*at == (nest & 1 ? '}' : ']')) {
			nest >>= 1;
			if (nest == 1)
				return at + 1;
			at = skip_space(at + 1);
			opened = false;
		}
		if (!opened) {
			if (*at != ',')
				return NULL;
			at = skip_space(at + 1);
		}
		if (nest & 1 && !(at = scan_key(at)))
			return NULL;
	}
}

static const char *
scan_any(const char *at)
{
	return *at == '{' || *at == '[' ? scan_container(at) : scan_scalar(at);
}

/* ---- messages ---- */

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
	case SCAN_ASK:
		return NULL;
	case SCAN_ANY:
		return scan_any(at);
	case SCAN_STRING: /* this is none */
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
 * From behind a member, or behind the bracket, to the value of the next. *field comes as the first
 * guess and goes as the field, NULL for a key that no rule knows (and no escape makes look so).
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
	if (*field == NULL)
		return *at == '"' && *skip_plain(at + 1) == '"' ? scan_key(at) : NULL;
	at = skip_space(at + (*field)->name.len);
	return *at == ':' ? skip_space(at + 1) : NULL;
}

/*
 * From behind the opening bracket, or behind the first member: its fact is then known. The next
 * field of the table, spelled as programs do, is the first guess; behind a bracket, which no comma
 * may follow, the first guess is none.
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
			if (at == NULL)
				return NULL;
		}
		if (field == NULL) {
			at = scan_any(at);
		} else {
			if (seen & field->bit)
				return NULL;
			seen |= field->bit;
			guess = field + 1;
			at = field->kind <= SCAN_STRING && *at == '"' ? scan_string(at + 1)
								      : scan_value(field, at);
		}
		if (at == NULL)
			return NULL;
	}
	return (seen & shape->required) == shape->required ? at + 1 : NULL;
}

/* The type that the string at `at` names. */
static inline enum chat_type
scan_type(const struct scan_plan *plan, const char *at)
{
	enum chat_type type = plan->types[scan_place(at + 1)];

	if (type != CHAT_TYPE_UNKNOWN && is_spelled(at, &plan->shapes[type].fields[0].word))
		return type;
	return CHAT_TYPE_UNKNOWN;
}

/* Of an object whose first key is not `type`: looks for it from that key on. */
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

	if (at < end && (valid_end == NULL || at >= valid_end))
		valid_end = utf8_run(at, end);
	while (at < end) {
		enum chat_type type;
		const char *next = scan_line(plan, at, &type);

		if (next == NULL)
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
