#ifndef CHAT_MESSAGE_SCAN_UTF8_H
#define CHAT_MESSAGE_SCAN_UTF8_H

/*
 * Checks the UTF-8 of all lines at once, so that the rest of the scanner need not check it. A
 * variant with faster code defines SCAN_OWN_WAYS, has_flaw() and utf8_flaws().
 */
#include <endian.h>

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
	vec wanted = vec_at_least(one, 0xC0) | vec_at_least(two, 0xE0) | vec_at_least(three, 0xF0);
	vec continues = vec_is(here & vec_of(0xC0), 0x80);
	vec overlong = (vec_is(one, 0xE0) & vec_at_most(here, 0x9F)) |
		(vec_is(one, 0xF0) & vec_at_most(here, 0x8F)) | vec_is(here & vec_of(0xFE), 0xC0);
	vec too_large = (vec_is(one, 0xF4) & vec_at_least(here, 0x90)) | vec_at_least(here, 0xF5);
	vec surrogate = vec_is(one, 0xED) & vec_at_least(here, 0xA0);

	return (wanted ^ continues) | overlong | too_large | surrogate;
}
#endif

#ifdef SCAN_OWN_WAYS
static inline bool has_flaw(vec flaws);
#else
static inline bool
has_flaw(vec flaws)
{
	return vec_mask(flaws) != 0;
}
#endif

/* The number of pairs of vectors that are checked at once. */
#ifndef SCAN_PAIRS
#define SCAN_PAIRS 1
#endif
#define SCAN_BLOCK (SCAN_PAIRS * 2 * SCAN_WIDTH)

/* A copy of the first or the last bytes. Bytes before the first and after the last are zeros. */
struct edge {
	char before[4], bytes[SCAN_BLOCK];
};

static inline bool
block_has_flaw(const char *at)
{
	vec flaws = utf8_flaws(at) | utf8_flaws(at + SCAN_WIDTH);

#if SCAN_PAIRS == 2
	flaws |= utf8_flaws(at + 2 * SCAN_WIDTH) | utf8_flaws(at + 3 * SCAN_WIDTH);
#endif
	return has_flaw(flaws);
}

static inline bool
block_has_top(const char *at)
{
	vec bytes = vec_load(at) | vec_load(at + SCAN_WIDTH);

#if SCAN_PAIRS == 2
	bytes |= vec_load(at + 2 * SCAN_WIDTH) | vec_load(at + 3 * SCAN_WIDTH);
#endif
	return vec_has_top(bytes);
}

/* Returns true if the block may end within a sequence. */
static inline bool
block_is_open(const char *at)
{
	uint32_t bytes;

	memcpy(&bytes, at + SCAN_BLOCK - sizeof(bytes), sizeof(bytes));
	return (le32toh(bytes) & UINT32_C(0x80808000)) != 0;
}

static __attribute__((noinline)) bool
edge_has_flaw(const char *before, const char *at, size_t len)
{
	struct edge edge = {{0}, {0}};

	if (before)
		memcpy(edge.before + 1, before, 3);
	memcpy(edge.bytes, at, len);
	return block_has_flaw(edge.bytes);
}

/* Returns end if all bytes are valid; else an address, at most a few blocks before the first error,
 * before which all bytes are valid. */
static const char *
utf8_run(const char *at, const char *end)
{
	const char *start = at;
	bool open = true; /* the block before this may end within a sequence */

	if (end - at < SCAN_BLOCK)
		return edge_has_flaw(NULL, at, (size_t)(end - at)) ? start : end;
	if (edge_has_flaw(NULL, at, SCAN_BLOCK))
		return start;
	for (at += SCAN_BLOCK; end - at >= SCAN_BLOCK; at += SCAN_BLOCK) {
		if (!open && !block_has_top(at))
			continue;
		open = block_is_open(at);
		if (block_has_flaw(at))
			return at - 3;
	}
	return edge_has_flaw(at - 3, at, (size_t)(end - at)) ? at - 3 : end;
}

#endif
