#ifndef CHAT_MESSAGE_SCAN_PLAN_H
#define CHAT_MESSAGE_SCAN_PLAN_H

#include <stdint.h>

#include "chat/rules.h"
#include "chat/scan.h"

/*
 * The table of rules in the form that the scanner uses: names that are compared sixteen bytes at
 * once, and limits with a number of bytes that certainly suffices.
 */

/* At most 16 bytes, compared under a mask. A longer text is eight NULs, which no line contains. */
struct scan_text {
	uint64_t bytes[2], mask[2];
	unsigned len;
};

enum scan_kind {
	SCAN_ANY, /* of this one and the next, only the JSON of a string is checked */
	SCAN_STRING,
	SCAN_UNDECIDED, /* after the last field, and for values that the scanner does not check */
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
	struct scan_text canonical; /* the usual form after another member: `,"name":` */
	struct scan_text name; /* `"name"` */
	enum scan_kind kind;
	uint32_t bit; /* its bit in the set of fields that were seen */
	struct scan_text word; /* with its quotes */
	size_t min, max; /* code points */
	size_t enough; /* this many bytes contain at least min code points in any form */
	const struct scan_shape *shape;
};

struct scan_shape {
	const struct scan_field *fields; /* a field of SCAN_UNDECIDED follows the last */
	size_t count;
	uint32_t required; /* the bits of the required fields */
	const struct chat_shape *source;
};

/* The bit of `type`, which is the first field of each message. */
#define SCAN_TYPE_BIT UINT32_C(1)

#define SCAN_SHAPES_MAX 16
#define SCAN_FIELDS_MAX 96
#define SCAN_PLACES 32 /* a power of two */

struct scan_plan {
	struct scan_text type_key; /* `"type"` */
	struct scan_shape
		shapes[SCAN_SHAPES_MAX]; /* first the messages, indexed by enum chat_type */
	size_t shape_count;
	struct scan_field fields[SCAN_FIELDS_MAX];
	size_t field_count;
	unsigned char types[SCAN_PLACES]; /* indexed by scan_place(); CHAT_TYPE_UNKNOWN: no type */
};

/* Returns the index in `types` for the word of a type, which a quote follows. */
static inline unsigned
scan_place(const char *word)
{
	return (unsigned char)(word[0] ^ word[4]) & (SCAN_PLACES - 1);
}

/*
 * Bytes that strings and numbers are compared with. They are in another object file, so that the
 * compiler loads them; it would otherwise compute them for every string, which is slower.
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
