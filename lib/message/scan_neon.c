/*
 * The scanner with vectors of sixteen bytes for 64-bit ARM, of which every processor has NEON.
 */
#include "message/scan_plan.h"

#if CHAT_SCAN_HAS_NEON
#include <arm_neon.h>

#define SCAN_WIDTH 16
#define SCAN_STRIDE 4
#define SCAN_NAME(of) chat_scan_##of##_neon
#define SCAN_PAIRS 2
#define SCAN_OWN_WAYS
#define SCAN_OWN_ESCAPES
#include "message/scan_body.h"
#include "message/scan_utf8_tables.h"

/* NEON cannot gather one bit of each byte; a shift that narrows leaves four of them. */
static inline uint64_t
vec_mask(vec_result bytes)
{
	uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8((uint8x16_t)bytes), 4);

	return vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
}

static inline bool
vec_has_top(vec bytes)
{
	return vmaxvq_u8((uint8x16_t)bytes) >= 0x80;
}

static inline bool
has_flaw(vec flaws)
{
	return vmaxvq_u32(vreinterpretq_u32_u8((uint8x16_t)flaws)) != 0;
}

static inline uint8x16_t
look_up(const unsigned char table[16], uint8x16_t nibbles)
{
	return vqtbl1q_u8(vld1q_u8(table), nibbles);
}

static inline vec
utf8_flaws(const char *at)
{
	uint8x16_t here = (uint8x16_t)vec_load(at), one = (uint8x16_t)vec_load(at - 1);
	uint8x16_t two = (uint8x16_t)vec_load(at - 2), three = (uint8x16_t)vec_load(at - 3);
	uint8x16_t flaws = vandq_u8(vandq_u8(look_up(first_high, vshrq_n_u8(one, 4)),
					    look_up(first_low, vandq_u8(one, vdupq_n_u8(0x0F)))),
		look_up(second_high, vshrq_n_u8(here, 4)));
	uint8x16_t third = vqsubq_u8(two, vdupq_n_u8(0xE0 - 0x80));
	uint8x16_t fourth = vqsubq_u8(three, vdupq_n_u8(0xF0 - 0x80));
	uint8x16_t longer = vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(TWO_CONTINUE));

	return (vec)veorq_u8(longer, flaws);
}

static inline bool
is_spelled(const char *at, const struct scan_text *text)
{
	vec wanted = vec_load((const char *)text->bytes), mask = vec_load((const char *)text->mask);

	return !has_flaw((vec_load(at) ^ wanted) & mask);
}

/* Returns one bit for each byte of two comparisons of 32 bytes, the first in the low half. */
static inline uint64_t
two_masks(uint8x16x2_t one, uint8x16x2_t other)
{
	uint8x16_t weights = vreinterpretq_u8_u64(vdupq_n_u64(UINT64_C(0x8040201008040201)));
	uint8x16_t low = vpaddq_u8(vandq_u8(one.val[0], weights), vandq_u8(one.val[1], weights));
	uint8x16_t high =
		vpaddq_u8(vandq_u8(other.val[0], weights), vandq_u8(other.val[1], weights));
	uint8x16_t all = vpaddq_u8(low, high);

	all = vpaddq_u8(all, all);
	return vgetq_lane_u64(vreinterpretq_u64_u8(all), 0);
}

static inline struct escape_masks
escape_masks(const char *at)
{
	uint8x16x2_t backslash, end, u, hex, zero, d, octal, c_to_f;
	uint64_t backslash_end, u_hex, zero_d, octal_c_to_f;

	for (unsigned i = 0; i < 2; i++) {
		vec bytes = vec_load(at + i * SCAN_WIDTH), lower = bytes | vec_of(0x20);
		vec letter = (vec)(lower - vec_of('a') <= vec_of(5));

		backslash.val[i] = (uint8x16_t)(bytes == vec_of('\\'));
		end.val[i] = (uint8x16_t)((vec)(bytes == vec_of('"')) | (vec)(bytes < vec_of(' ')));
		u.val[i] = (uint8x16_t)(bytes == vec_of('u'));
		hex.val[i] = (uint8x16_t)((vec)(bytes - vec_of('0') <= vec_of(9)) | letter);
		zero.val[i] = (uint8x16_t)(bytes == vec_of('0'));
		d.val[i] = (uint8x16_t)(lower == vec_of('d'));
		octal.val[i] = (uint8x16_t)(bytes - vec_of('0') <= vec_of(7));
		c_to_f.val[i] = (uint8x16_t)(lower - vec_of('c') <= vec_of(3));
	}
	backslash_end = two_masks(backslash, end);
	u_hex = two_masks(u, hex);
	zero_d = two_masks(zero, d);
	octal_c_to_f = two_masks(octal, c_to_f);
	return (struct escape_masks){.backslash = (uint32_t)backslash_end,
		.end = backslash_end >> 32,
		.u = (uint32_t)u_hex,
		.hex = u_hex >> 32,
		.zero = (uint32_t)zero_d,
		.d = zero_d >> 32,
		.octal = (uint32_t)octal_c_to_f,
		.c_to_f = octal_c_to_f >> 32};
}
#endif
