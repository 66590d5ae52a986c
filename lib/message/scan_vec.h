#ifndef CHAT_MESSAGE_SCAN_VEC_H
#define CHAT_MESSAGE_SCAN_VEC_H

/*
 * Vectors of SCAN_WIDTH bytes, as extensions of the compiler, for all parts of the scanner. The
 * file that includes scan_body.h defines SCAN_WIDTH, SCAN_STRIDE, vec_mask() and vec_has_top();
 * without them a vector is a word (scan_word.h).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "message/scan_plan.h"

#ifndef SCAN_WIDTH
#include "message/scan_word.h"
#else
#define MASK_BITS SCAN_STRIDE
#define MASK_ALL (UINT64_MAX >> (64 - SCAN_WIDTH * SCAN_STRIDE))

/* No other file calls the functions that take or return vectors, however a processor passes them.
 */
#pragma GCC diagnostic ignored "-Wpsabi"

typedef unsigned char vec __attribute__((vector_size(SCAN_WIDTH)));

/* The result of a comparison: 0 or 0xFF in each byte; or one bit for each byte, if SCAN_OWN_RESULTS
 * is defined, with functions that compare. */
#ifdef SCAN_OWN_RESULTS
typedef uint64_t vec_result;
#else
typedef vec vec_result;
#endif

/* Returns the mask of a comparison: for each byte SCAN_STRIDE bits, of which MASK_BITS are set if
 * the comparison is true. The lowest are from the first byte. */
static inline uint64_t vec_mask(vec_result bytes);

/* Returns true if a byte is 0x80 or more. */
static inline bool vec_has_top(vec bytes);

static inline vec
vec_load(const char *at)
{
	vec bytes;

	memcpy(&bytes, at, sizeof(bytes));
	return bytes;
}

/* Returns a vector of one byte repeated. */
static inline vec
vec_of(unsigned char byte)
{
	return byte - (vec){0};
}

/* The same, loaded from a field of chat_scan_bytes, except on 64-bit ARM, where one instruction
 * makes it. */
static inline vec
vec_constant(const unsigned char bytes[64], unsigned char byte)
{
#if defined(__aarch64__)
	(void)bytes;
	return vec_of(byte);
#else
	vec all;

	(void)byte;
	memcpy(&all, __builtin_assume_aligned(bytes, 64), sizeof(all));
	return all;
#endif
}

/* Compare each byte with one byte, or two. */
#ifdef SCAN_OWN_RESULTS
static inline vec_result vec_is(vec bytes, unsigned char byte);
static inline vec_result vec_at_most(vec bytes, unsigned char byte);
static inline vec_result vec_within(vec bytes, unsigned char first, unsigned char last);
#else
static inline vec_result
vec_is(vec bytes, unsigned char byte)
{
	return (vec)(bytes == vec_of(byte));
}

static inline vec_result
vec_at_least(vec bytes, unsigned char byte)
{
	return (vec)(bytes >= vec_of(byte));
}

static inline vec_result
vec_at_most(vec bytes, unsigned char byte)
{
	return (vec)(bytes <= vec_of(byte));
}

static inline vec_result
vec_within(vec bytes, unsigned char first, unsigned char last)
{
	return (vec)(bytes - vec_of(first) <= vec_of((unsigned char)(last - first)));
}
#endif

/*
 * Finds the bytes that end a plain part of a string: quotes, backslashes and control characters. An
 * exclusive or with 2 changes a quote into a space, and a control character into another one, so
 * one comparison finds both.
 */
#ifdef SCAN_OWN_RESULTS
static inline vec_result vec_is_special(vec bytes);
static inline vec_result vec_is_digit(vec bytes);
#else
static inline vec_result
vec_is_special(vec bytes)
{
	vec low = bytes ^ vec_constant(chat_scan_bytes.two, 2);

	return (vec)(low <= vec_constant(chat_scan_bytes.blank, ' ')) |
		(vec)(bytes == vec_constant(chat_scan_bytes.backslash, '\\'));
}

static inline vec_result
vec_is_digit(vec bytes)
{
	vec value = bytes - vec_constant(chat_scan_bytes.zero, '0');

	return (vec)(value <= vec_constant(chat_scan_bytes.nine, 9));
}
#endif
#endif

/* Returns the index of the first byte whose bits are set in a mask that is not 0. */
static inline size_t
mask_first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / SCAN_STRIDE;
}

/* Returns the number of bytes whose bits are set in a mask. */
static inline size_t
mask_count(uint64_t mask)
{
	return (size_t)__builtin_popcountll(mask) / MASK_BITS;
}

/* Returns the bits of a mask for the bytes before an index, which must be below SCAN_WIDTH. */
static inline uint64_t
mask_before(uint64_t mask, size_t index)
{
	return mask & ((UINT64_C(1) << index * SCAN_STRIDE) - 1);
}

#endif
