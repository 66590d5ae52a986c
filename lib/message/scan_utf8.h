#ifndef CHAT_MESSAGE_SCAN_UTF8_H
#define CHAT_MESSAGE_SCAN_UTF8_H

/*
 * Checks the UTF-8 of all lines at once, so that the rest of the scanner need not check it. A
 * variant with faster code defines SCAN_OWN_WAYS, has_flaw() and utf8_flaws().
 */
#include <stdbool.h>

#include "message/scan_vec.h"

/* Returns a vector of zeros if the bytes at `at` are valid after the three bytes before them. */
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

/* A copy of the first or the last bytes. Bytes before the first and after the last are zeros. */
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

/* Returns end if all bytes are valid; else an address, at most a few vectors before the first
 * error, before which all bytes are valid. */
static const char *
utf8_run(const char *at, const char *end)
{
	const char *start = at;
	uint64_t open = 1; /* not 0 if the vector before this may end within a sequence */

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

#endif
