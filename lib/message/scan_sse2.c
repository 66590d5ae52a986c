/*
 * The scanner with vectors of sixteen bytes, for every x86-64 processor.
 */
#include "message/scan_plan.h"

#if defined(__x86_64__)
#include <emmintrin.h>

#define SCAN_WIDTH 16
#define SCAN_STRIDE 1
#define SCAN_NAME(of) chat_scan_##of##_sse2
#include "message/scan_body.h"

static inline uint64_t
vec_mask(vec_result bytes)
{
	return (uint32_t)_mm_movemask_epi8((__m128i)bytes);
}

static inline bool
vec_has_top(vec bytes)
{
	return vec_mask(bytes) != 0;
}
#endif
