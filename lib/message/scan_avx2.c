/*
 * The scanner with vectors of thirty-two bytes, for processors with AVX2. Only this file is
 * compiled with AVX2, because the library must also run on other processors.
 */
#include "message/scan_plan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,popcnt")
#endif

#define SCAN_WIDTH 32
#define SCAN_STRIDE 1
#define SCAN_NAME(of) chat_scan_##of##_avx2
#define SCAN_OWN_WAYS

#include "message/scan_body.h"
#include "message/scan_utf8_tables.h"

static inline uint64_t
vec_mask(vec_result bytes)
{
	return (uint32_t)_mm256_movemask_epi8((__m256i)bytes);
}

static inline bool
vec_has_top(vec bytes)
{
	return vec_mask(bytes) != 0;
}

static inline bool
is_spelled(const char *at, const struct scan_text *text)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)at);
	__m128i wanted = _mm_loadu_si128((const __m128i *)text->bytes);

	return _mm_testz_si128(
		_mm_xor_si128(bytes, wanted), _mm_loadu_si128((const __m128i *)text->mask));
}

static inline bool
has_flaw(vec flaws)
{
	return !_mm256_testz_si256((__m256i)flaws, (__m256i)flaws);
}

static inline __m256i
look_up(const unsigned char table[16], __m256i nibbles)
{
	__m128i half = _mm_loadu_si128((const __m128i *)table);

	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), nibbles);
}

static inline vec
utf8_flaws(const char *at)
{
	vec one = vec_load(at - 1), low = vec_of(0x0F);
	__m256i two = (__m256i)vec_load(at - 2), three = (__m256i)vec_load(at - 3);
	vec flaws = (vec)look_up(first_high, (__m256i)(one >> 4)) &
		(vec)look_up(first_low, (__m256i)(one & low)) &
		(vec)look_up(second_high, (__m256i)(vec_load(at) >> 4));
	__m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8(0xE0 - 0x80));
	__m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8(0xF0 - 0x80));

	return ((vec)_mm256_or_si256(third, fourth) & vec_of(TWO_CONTINUE)) ^ flaws;
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
