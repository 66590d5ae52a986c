#ifndef CHAT_MESSAGE_SCAN_VEC_H
#define CHAT_MESSAGE_SCAN_VEC_H

/*
 * Vectors of SCAN_WIDTH bytes, as extensions of the compiler, for all parts of the scanner. The
 * file that includes scan_body.h defines SCAN_WIDTH, SCAN_STRIDE, vec_mask() and
 * vec_has_top(); without them a vector is a word of eight bytes.
 */
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SCAN_WIDTH
#define SCAN_WIDTH 8
#define SCAN_STRIDE 8
#define SCAN_NAME chat_scan_plain
#endif

/* A comparison gives 0 or 0xFF in each byte. */
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

/* Returns the mask of a comparison: for each byte SCAN_STRIDE bits, of which MASK_BITS are set if
 * the byte is 0xFF. The lowest are from the first byte. */
#if SCAN_WIDTH == 8
#define MASK_BITS 1
#define MASK_ALL UINT64_C(0x0101010101010101)
static inline uint64_t
vec_mask(vec bytes)
{
	uint64_t word;

	memcpy(&word, &bytes, sizeof(word));
	return le64toh(word) & MASK_ALL;
}

static inline bool
vec_has_top(vec bytes)
{
	uint64_t word;

	memcpy(&word, &bytes, sizeof(word));
	return (word & UINT64_C(0x8080808080808080)) != 0;
}
#else
#define MASK_BITS SCAN_STRIDE
#define MASK_ALL (UINT64_MAX >> (64 - SCAN_WIDTH * SCAN_STRIDE))
static inline uint64_t vec_mask(vec bytes);
static inline bool vec_has_top(vec bytes); /* true if a byte is 0x80 or more */
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

/* Returns a vector of one byte repeated. It is loaded from a field of chat_scan_bytes, except on
 * 64-bit ARM, where one instruction makes it. */
static inline vec
vec_constant(const unsigned char bytes[32], unsigned char byte)
{
#if defined(__aarch64__)
	(void)bytes;
	return vec_of(byte);
#else
	vec all;

	(void)byte;
	memcpy(&all, __builtin_assume_aligned(bytes, 32), sizeof(all));
	return all;
#endif
}

#endif
