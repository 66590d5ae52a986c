/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012). The key of the process is the 16 random bytes that
 * the kernel gives to every process at its start (AT_RANDOM, getauxval(3)); so no variable and no
 * system call is needed.
 */
#include "text/hash.h"

#include <assert.h>
#include <endian.h>
#include <string.h>
#include <sys/auxv.h>

static uint64_t
rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static void
rounds(uint64_t v[4], int count)
{
	while (count--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t
word_at(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return le64toh(word);
}

static void
take(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t
chat_siphash(const unsigned char key[16], const void *bytes, size_t len)
{
	const unsigned char *at = bytes, *end = at + (len & ~(size_t)7);
	uint64_t k0 = word_at(key), k1 = word_at(key + 8), last = (uint64_t)len << 56;
	uint64_t v[4] = {
		k0 ^ 0x736f6d6570736575,
		k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573,
	};

	for (; at < end; at += 8)
		take(v, word_at(at));
	for (size_t i = len & 7; i--;)
		last |= (uint64_t)at[i] << 8 * i;
	take(v, last);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
chat_hash(const void *bytes, size_t len)
{
	const unsigned char *key = (const unsigned char *)getauxval(AT_RANDOM);

	assert(key);
	return chat_siphash(key, bytes, len);
}
