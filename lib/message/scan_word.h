#ifndef CHAT_MESSAGE_SCAN_WORD_H
#define CHAT_MESSAGE_SCAN_WORD_H

/*
 * The vectors of the plain variant: eight bytes in a word, for processors that have no others. It
 * has the functions of scan_vec.h. A comparison gives 0 or 0x80 in each byte. No addition carries
 * from one byte into the next, so the functions do not depend on the byte order; vec_mask does.
 */
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SCAN_WIDTH 8
#define SCAN_STRIDE 8
#define SCAN_NAME(of) chat_scan_##of##_plain
#define MASK_BITS 1
#define MASK_ALL UINT64_C(0x8080808080808080)

typedef uint64_t vec, vec_result;

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
	return byte * UINT64_C(0x0101010101010101);
}

static inline vec
vec_is(vec bytes, unsigned char byte)
{
	vec differ = bytes ^ vec_of(byte);

	return ((((differ & ~MASK_ALL) + ~MASK_ALL) | differ) & MASK_ALL) ^ MASK_ALL;
}

static inline vec
vec_above(vec bytes, unsigned char byte)
{
	vec sum = (bytes & ~MASK_ALL) + vec_of(0x7F - (byte & 0x7F));

	return (byte < 0x80 ? sum | bytes : sum & bytes) & MASK_ALL;
}

static inline vec
vec_at_least(vec bytes, unsigned char byte)
{
	return vec_above(bytes, (unsigned char)(byte - 1));
}

static inline vec
vec_at_most(vec bytes, unsigned char byte)
{
	return vec_above(bytes, byte) ^ MASK_ALL;
}

static inline vec
vec_within(vec bytes, unsigned char first, unsigned char last)
{
	return vec_at_least(bytes, first) & vec_at_most(bytes, last);
}

static inline vec
vec_is_special(vec bytes)
{
	return vec_at_most(bytes ^ vec_of(2), ' ') | vec_is(bytes, '\\');
}

static inline vec
vec_is_digit(vec bytes)
{
	return vec_within(bytes, '0', '9');
}

static inline uint64_t
vec_mask(vec bytes)
{
	return le64toh(bytes);
}

static inline bool
vec_has_top(vec bytes)
{
	return (bytes & MASK_ALL) != 0;
}

#endif
