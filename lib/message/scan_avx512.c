/*
 * The scanner with vectors of sixty-four bytes, for processors with AVX-512. Only this file is
 * compiled with it. A comparison gives a mask at once, with one bit for each byte.
 */
#include "message/scan_plan.h"

#if defined(__x86_64__)
#include <immintrin.h>

#if defined(__clang__)
#pragma clang attribute push( \
	__attribute__((target("avx2,avx512f,avx512bw,bmi,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,avx512f,avx512bw,bmi,popcnt")
#endif

#define SCAN_WIDTH 64
#define SCAN_STRIDE 1
#define SCAN_NAME(of) chat_scan_##of##_avx512
#define SCAN_PAIRS 2
#define SCAN_OWN_WAYS
#define SCAN_OWN_RESULTS

#include "message/scan_body.h"
#include "message/scan_utf8_tables.h"

static inline uint64_t
vec_mask(vec_result bytes)
{
	return bytes;
}

static inline bool
vec_has_top(vec bytes)
{
	return _mm512_movepi8_mask((__m512i)bytes) != 0;
}

static inline vec_result
vec_is(vec bytes, unsigned char byte)
{
	return _mm512_cmpeq_epi8_mask((__m512i)bytes, (__m512i)vec_of(byte));
}

static inline vec_result
vec_at_most(vec bytes, unsigned char byte)
{
	return _mm512_cmple_epu8_mask((__m512i)bytes, (__m512i)vec_of(byte));
}

static inline vec_result
vec_within(vec bytes, unsigned char first, unsigned char last)
{
	return vec_at_most(bytes - vec_of(first), (unsigned char)(last - first));
}

static inline vec_result
vec_is_special(vec bytes)
{
	vec low = bytes ^ vec_constant(chat_scan_bytes.two, 2);
	__m512i blank = (__m512i)vec_constant(chat_scan_bytes.blank, ' ');
	__m512i backslash = (__m512i)vec_constant(chat_scan_bytes.backslash, '\\');

	return _mm512_cmple_epu8_mask((__m512i)low, blank) |
		_mm512_cmpeq_epi8_mask((__m512i)bytes, backslash);
}

static inline vec_result
vec_is_digit(vec bytes)
{
	vec value = bytes - vec_constant(chat_scan_bytes.zero, '0');

	return _mm512_cmple_epu8_mask(
		(__m512i)value, (__m512i)vec_constant(chat_scan_bytes.nine, 9));
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
	return _mm512_test_epi8_mask((__m512i)flaws, (__m512i)flaws) != 0;
}

static inline __m512i
look_up(const unsigned char table[16], __m512i nibbles)
{
	__m128i quarter = _mm_loadu_si128((const __m128i *)table);

	return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(quarter), nibbles);
}

#define ALL_THREE 0x80 /* for _mm512_ternarylogic_epi64: the first and the second and the third */
#define EITHER_AND_THIRD 0xA8 /* the first or the second, and the third */

static inline vec
utf8_flaws(const char *at)
{
	vec one = vec_load(at - 1), low = vec_of(0x0F);
	__m512i two = (__m512i)vec_load(at - 2), three = (__m512i)vec_load(at - 3);
	__m512i flaws = _mm512_ternarylogic_epi64(look_up(first_high, (__m512i)(one >> 4)),
		look_up(first_low, (__m512i)(one & low)),
		look_up(second_high, (__m512i)(vec_load(at) >> 4)), ALL_THREE);
	__m512i third = _mm512_subs_epu8(two, _mm512_set1_epi8(0xE0 - 0x80));
	__m512i fourth = _mm512_subs_epu8(three, _mm512_set1_epi8(0xF0 - 0x80));
	__m512i longer = _mm512_ternarylogic_epi64(
		third, fourth, (__m512i)vec_of(TWO_CONTINUE), EITHER_AND_THIRD);

	return (vec)longer ^ (vec)flaws;
}

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
