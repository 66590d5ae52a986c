#ifndef CHAT_MESSAGE_SCAN_VEC_H
#define CHAT_MESSAGE_SCAN_VEC_H

/*
 * Vectors of SCAN_WIDTH bytes, as extensions of the compiler, for all parts of the scanner. The
 * file that includes scan_body.h defines SCAN_WIDTH and vec_mask(); without them a vector is a word
 * of eight bytes.
 */
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef SCAN_WIDTH
#define SCAN_WIDTH 8
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

/* Returns a mask with the top bit of each byte, at distances of VEC_STRIDE bits. The lowest is from
 * the first byte. */
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

/* Returns the index of the first byte whose bit is set in a mask that is not 0. */
static inline size_t
mask_first(uint64_t mask)
{
	return (size_t)__builtin_ctzll(mask) / VEC_STRIDE;
}

/* Returns the bits of a mask for the bytes before an index, which must be below SCAN_WIDTH. */
static inline uint64_t
mask_before(uint64_t mask, size_t index)
{
	return mask & ((UINT64_C(1) << index * VEC_STRIDE) - 1);
}

/* Loads a vector from a field of chat_scan_bytes, in which one byte is repeated. */
static inline vec
vec_constant(const unsigned char bytes[32])
{
	vec all;

	memcpy(&all, __builtin_assume_aligned(bytes, 32), sizeof(all));
	return all;
}

#endif
