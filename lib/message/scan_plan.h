#ifndef CHAT_MESSAGE_SCAN_PLAN_H
#define CHAT_MESSAGE_SCAN_PLAN_H

#include <stdint.h>

#include "chat/rules.h"
#include "chat/scan.h"

/*
 * The table of rules in the form that the scanner follows: names as words to compare sixteen bytes
 * at once, limits as counts of bytes that need no closer look. Private to scan.
 */

/* At most 16 bytes, compared under a mask. What had no room is eight NULs, which no line has. */
struct scan_text {
	uint64_t bytes[2], mask[2];
	unsigned len;
};

enum scan_kind {
	SCAN_ANY,
	SCAN_STRING,
	SCAN_ASK, /* behind the last field, and what only the general reader knows */
	SCAN_LIMITED, /* a string with limits */
	SCAN_WORD,
	SCAN_ID,
	SCAN_BASE64,
	SCAN_INTEGER,
	SCAN_POSITIVE,
	SCAN_BOOLEAN,
	SCAN_OBJECT,
	SCAN_ARRAY
};

struct scan_field {
	struct scan_text canonical; /* as programs write it behind another member: `,"name":` */
	struct scan_text name; /* `"name"` */
	enum scan_kind kind;
	uint32_t bit; /* its own in the shape's facts */
	struct scan_text word; /* with its quotes */
	size_t min, max; /* code points */
	size_t enough; /* so many bytes are min code points, however they are spelled */
	const struct scan_shape *shape;
};

struct scan_shape {
	const struct scan_field *fields; /* one of SCAN_ASK behind the last */
	size_t count;
	uint32_t required; /* facts */
	const struct chat_shape *source;
};

/* The field of `type` is the first of each message, so its bit is this. */
#define SCAN_TYPE_BIT UINT32_C(1)

#define SCAN_SHAPES_MAX 16
#define SCAN_FIELDS_MAX 96
#define SCAN_PLACES 32 /* a power of two */

struct scan_plan {
	struct scan_text type_key; /* `"type"` */
	struct scan_shape
		shapes[SCAN_SHAPES_MAX]; /* those of the messages first, by enum chat_type */
	size_t shape_count;
	struct scan_field fields[SCAN_FIELDS_MAX];
	size_t field_count;
	unsigned char
		types[SCAN_PLACES]; /* by scan_place(); CHAT_TYPE_UNKNOWN where there is none */
};

/* Where a type's word, with the quote behind it, is looked up. */
static inline unsigned
scan_place(const char *word)
{
	return (unsigned char)(word[0] ^ word[4]) & (SCAN_PLACES - 1);
}

/*
 * What strings and numbers are compared with. In another object, so that the compiler loads them:
 * it would rather make them anew for every string, at the price of the string.
 */
struct scan_bytes {
	_Alignas(32) unsigned char backslash[32], blank[32], two[32], zero[32], nine[32];
};

extern const struct scan_bytes chat_scan_bytes __attribute__((visibility("hidden")));

typedef void scan_function(const struct scan_plan *plan, struct chat_scan_lines *lines);

scan_function chat_scan_plain;
scan_function chat_scan_sse2;
scan_function chat_scan_avx2;

#endif
