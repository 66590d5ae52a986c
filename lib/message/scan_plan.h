#ifndef CHAT_MESSAGE_SCAN_PLAN_H
#define CHAT_MESSAGE_SCAN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "message/rules.h"

/*
 * The table of rules in the form that the scanner uses. Names are compared sixteen bytes at once.
 * For a minimum of code points there is a number of bytes that always suffices.
 */

/* A text of at most 16 bytes, compared under a mask. For a longer text it is eight NULs, which
 * match no line that is accepted. */
struct scan_text {
	uint64_t bytes[2], mask[2];
	unsigned len;
};

enum scan_kind {
	SCAN_STRING, /* any string; only its JSON is checked */
	SCAN_MOSTLY_STRING, /* usually a string, but any value is accepted */
	SCAN_ANY, /* any value; only its JSON is checked */
	SCAN_UNDECIDED, /* a value that the scanner cannot check; marks the end of a shape, too */
	SCAN_LIMITED, /* a string with limits */
	SCAN_WORD,
	SCAN_ID,
	SCAN_BASE64,
	SCAN_INTEGER,
	SCAN_POSITIVE,
	SCAN_RANGE, /* an integer within limits that are not negative */
	SCAN_BOOLEAN,
	SCAN_OBJECT,
	SCAN_ARRAY
};

struct scan_field {
	struct scan_text canonical; /* the usual form of a key after another member: `,"name":`,
				       with the quote of its value if that is usually any string */
	struct scan_text name; /* `"name"` */
	enum scan_kind kind;
	enum scan_kind read_kind; /* the same, for a value that is stored in a message */
	enum chat_slot slot;
	uint32_t bit; /* the bit of this field in a set of fields */
	struct scan_text word; /* the value with its quotes; valid for SCAN_WORD */
	size_t min, max; /* limits in code points, or of an integer */
	size_t enough; /* a string of this number of bytes has at least min code points */
	const struct scan_shape *shape;
};

struct scan_shape {
	const struct scan_field *fields; /* `count` fields, then one of SCAN_UNDECIDED */
	size_t count;
	uint32_t required; /* the bits of the required fields */
	struct scan_text opening; /* the usual beginning of the object, up to where the canonical
				     form of its first field ends: `{"id":"` */
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
		shapes[SCAN_SHAPES_MAX]; /* the messages, indexed by enum chat_type, then others */
	size_t shape_count;
	struct scan_field fields[SCAN_FIELDS_MAX];
	size_t field_count;
	bool overflow; /* the table of rules has grown beyond these arrays */
	unsigned char types[SCAN_PLACES]; /* enum chat_type, indexed by scan_place() */
};

/* Returns the index in `types` for the word of a type. A quote must follow the word. */
static inline unsigned
scan_place(const char *word)
{
	return (unsigned char)(word[0] ^ word[4]) & (SCAN_PLACES - 1);
}

/*
 * Constants for the comparison of strings and numbers. They are defined in another file, so that
 * the compiler loads them; else it would compute them for every string, which is slower.
 */
struct scan_bytes {
	_Alignas(64) unsigned char backslash[64], blank[64], two[64], zero[64], nine[64];
};

extern const struct scan_bytes chat_scan_bytes __attribute__((visibility("hidden")));

/* 1 where scan_neon.c has its variant: on 64-bit ARM, with the byte order that it usually has. */
#if defined(__aarch64__) && !defined(__AARCH64EB__)
#define CHAT_SCAN_HAS_NEON 1
#else
#define CHAT_SCAN_HAS_NEON 0
#endif

struct chat_scan_lines;
struct chat_msg;

/* A variant: chat_scan_accept(), chat_scan_next(), chat_scan_read() and chat_scan_element(). */
typedef void scan_accept(const struct scan_plan *plan, struct chat_scan_lines *lines);
typedef bool scan_next(
	const struct scan_plan *plan, struct chat_scan_lines *lines, struct chat_msg *msg);
typedef bool scan_read(const struct scan_plan *plan, struct chat_span line, struct chat_msg *msg);
typedef const char *scan_element(
	const struct scan_shape *shape, const char *at, struct chat_msg *msg);

#define SCAN_VARIANT(name) \
	scan_accept chat_scan_accept_##name; \
	scan_next chat_scan_next_##name; \
	scan_read chat_scan_read_##name; \
	scan_element chat_scan_element_##name
SCAN_VARIANT(plain);
SCAN_VARIANT(sse2);
SCAN_VARIANT(avx2);
SCAN_VARIANT(avx512);
SCAN_VARIANT(neon);

#endif
