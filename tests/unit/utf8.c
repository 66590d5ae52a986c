/* UTF-8: every code point, every kind of invalid sequence, at every offset, cut in every place. */
#include "text/utf8.h"

#include <stdlib.h>

#include "chat/span.h"
#include "guard.h"
#include "tap.h"

/* Invalid texts: the reason, the bytes, and the index of the first byte that cannot be right; the
 * length, if the text is only cut off. */
static const struct {
	const char *what;
	struct chat_span bytes;
	size_t reject_at;
} bad[] = {
	{"stray continuation 80", CHAT_SPAN("\x80"), 0},
	{"stray continuation BF", CHAT_SPAN("\xBF"), 0},
	{"overlong 2, C0 80", CHAT_SPAN("\xC0\x80"), 0},
	{"overlong 2, C1 BF", CHAT_SPAN("\xC1\xBF"), 0},
	{"overlong 3, least", CHAT_SPAN("\xE0\x80\x80"), 1},
	{"overlong 3, greatest", CHAT_SPAN("\xE0\x9F\xBF"), 1},
	{"overlong 4, least", CHAT_SPAN("\xF0\x80\x80\x80"), 1},
	{"overlong 4, greatest", CHAT_SPAN("\xF0\x8F\xBF\xBF"), 1},
	{"surrogate D800", CHAT_SPAN("\xED\xA0\x80"), 1},
	{"surrogate DBFF", CHAT_SPAN("\xED\xAF\xBF"), 1},
	{"surrogate DC00", CHAT_SPAN("\xED\xB0\x80"), 1},
	{"surrogate DFFF", CHAT_SPAN("\xED\xBF\xBF"), 1},
	{"surrogate pair", CHAT_SPAN("\xED\xA0\xBD\xED\xB8\x80"), 1},
	{"U+110000", CHAT_SPAN("\xF4\x90\x80\x80"), 1},
	{"U+13FFFF", CHAT_SPAN("\xF4\xBF\xBF\xBF"), 1},
	{"U+140000", CHAT_SPAN("\xF5\x80\x80\x80"), 0},
	{"five bytes, F8", CHAT_SPAN("\xF8\x88\x80\x80\x80"), 0},
	{"six bytes, FC", CHAT_SPAN("\xFC\x84\x80\x80\x80\x80"), 0},
	{"FE", CHAT_SPAN("\xFE"), 0},
	{"FF", CHAT_SPAN("\xFF"), 0},
	{"lead without continuation, 2", CHAT_SPAN("\xC3z"), 1},
	{"lead without continuation, 3", CHAT_SPAN("\xE2z"), 1},
	{"one continuation of two", CHAT_SPAN("\xE2\x82z"), 2},
	{"lead without continuation, 4", CHAT_SPAN("\xF0z"), 1},
	{"one continuation of three", CHAT_SPAN("\xF0\x9Fz"), 2},
	{"two continuations of three", CHAT_SPAN("\xF0\x9F\x99z"), 3},
	{"lead after lead", CHAT_SPAN("\xC3\xC3\xA9"), 1},
	{"cut off after 1 of 2", CHAT_SPAN("\xC3"), 1},
	{"cut off after 1 of 3", CHAT_SPAN("\xE2"), 1},
	{"cut off after 2 of 3", CHAT_SPAN("\xE2\x82"), 2},
	{"cut off after 1 of 4", CHAT_SPAN("\xF0"), 1},
	{"cut off after 2 of 4", CHAT_SPAN("\xF0\x9F"), 2},
	{"cut off after 3 of 4", CHAT_SPAN("\xF0\x9F\x99"), 3},
};

#define BADS (sizeof(bad) / sizeof(bad[0]))

/* Valid texts of `len` bytes to put before another, of ASCII and mixed. */
static size_t
make_front(char *front, size_t len, bool mixed)
{
	static const char euro[] = "\xE2\x82\xAC";

	memset(front, 'a', len);
	if (mixed && len >= 3)
		memcpy(front + (len - 3) / 2, euro, 3);
	return len;
}

/* Returns the state after a text that is fed in two pieces, parted before `split`. */
static uint32_t
feed_split(const char *bytes, size_t len, size_t split)
{
	uint32_t state = chat_utf8_feed(CHAT_UTF8_ACCEPT, bytes, split);

	return chat_utf8_feed(state, bytes + split, len - split);
}

static bool
bad_is_found(size_t which, size_t offset, bool mixed, bool followed)
{
	char text[64];
	size_t len = make_front(text, offset, mixed), begin = len;
	bool cut_off = bad[which].reject_at == bad[which].bytes.len, found;
	const char *guarded;

	if (cut_off && followed)
		return true; /* it is cut off only if nothing follows */
	memcpy(text + len, bad[which].bytes.at, bad[which].bytes.len);
	len += bad[which].bytes.len;
	if (followed) {
		memcpy(text + len, "0123456789", 10);
		len += 10;
	}
	guarded = guard_copy(text, len);
	found = chat_utf8_check(guarded, len) == begin;
	for (size_t split = 0; split <= len; split++) {
		uint32_t state = feed_split(guarded, len, split);

		found = found && state != CHAT_UTF8_ACCEPT &&
			(state == CHAT_UTF8_REJECT) == !cut_off;
	}
	/* it is rejected at that byte and not before */
	begin += bad[which].reject_at;
	found = found && chat_utf8_feed(0, guarded, begin) != CHAT_UTF8_REJECT;
	return found && (cut_off || chat_utf8_feed(0, guarded, begin + 1) == CHAT_UTF8_REJECT);
}

static void
test_bad(void)
{
	for (size_t which = 0; which < BADS; which++) {
		bool found = true;

		for (size_t offset = 0; offset <= 20; offset++)
			for (int variant = 0; variant < 4; variant++)
				if (!bad_is_found(which, offset, variant & 1, variant & 2)) {
					printf("# offset %zu, variant %d\n", offset, variant);
					found = false;
				}
		ok(found, "%s is refused at every offset and split", bad[which].what);
	}
	is_int(chat_utf8_feed(CHAT_UTF8_REJECT, "fine", 4), CHAT_UTF8_REJECT,
		"reject never leaves");
	is_int(chat_utf8_feed(CHAT_UTF8_REJECT, "", 0), CHAT_UTF8_REJECT, "not for nothing either");
}

/* Encodes and decodes one code point; surrogates are refused. */
static bool
point_is_right(uint32_t point)
{
	bool surrogate = point >= 0xD800 && point <= 0xDFFF;
	size_t want = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4, got;
	char bytes[4];
	size_t len = chat_utf8_encode(bytes, point);

	if (len != want)
		return false;
	if (surrogate)
		return chat_utf8_check(bytes, len) == 0 &&
			chat_utf8_feed(0, bytes, len) == CHAT_UTF8_REJECT;
	return chat_utf8_check(bytes, len) == len && chat_utf8_count(bytes, len) == 1 &&
		chat_utf8_feed(0, bytes, len) == CHAT_UTF8_ACCEPT &&
		chat_utf8_decode(bytes, &got) == point && got == len;
}

static void
test_points(void)
{
	uint32_t point = 0;

	while (point <= 0x10FFFF && point_is_right(point))
		point++;
	is_int(point, 0x110000, "every code point, encoded, checked, counted and decoded");
}

/* Returns the length of the sequence at the front, found by arithmetic; 0 if it is invalid. */
static size_t
reference(const unsigned char *bytes, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t need = bytes[0] < 0x80 ? 1
		: bytes[0] >> 5 == 6  ? 2
		: bytes[0] >> 4 == 14 ? 3
		: bytes[0] >> 3 == 30 ? 4
				      : 0;
	uint32_t point;

	if (need == 0 || need > len)
		return 0;
	if (need == 1)
		return 1;
	point = bytes[0] & (0x7Fu >> need);
	for (size_t i = 1; i < need; i++) {
		if (bytes[i] >> 6 != 2)
			return 0;
		point = point << 6 | (bytes[i] & 0x3F);
	}
	if (point < least[need] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		return 0;
	return need;
}

static bool
agrees(const unsigned char *bytes, size_t len)
{
	size_t at = 0, step;

	while (at < len && (step = reference(bytes + at, len - at)) > 0)
		at += step;
	return chat_utf8_check((const char *)bytes, len) == at &&
		(chat_utf8_feed(0, (const char *)bytes, len) == CHAT_UTF8_ACCEPT) == (at == len);
}

static void
test_all_sequences(void)
{
	static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0,
		0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF};
	unsigned char bytes[4];
	unsigned wrong = 0;

	for (unsigned all = 0; all < 1u << 16; all++) {
		bytes[0] = (unsigned char)(all >> 8);
		bytes[1] = (unsigned char)all;
		wrong += !agrees(bytes, 2);
		for (size_t third = 0; third < sizeof(edges); third++) {
			bytes[2] = edges[third];
			wrong += !agrees(bytes, 3);
			for (size_t fourth = 0; fourth < sizeof(edges); fourth++) {
				bytes[3] = edges[fourth];
				wrong += !agrees(bytes, 4);
			}
		}
	}
	is_int(wrong, 0, "every pair of bytes, with every edge behind, as arithmetic says");
}

static void
test_count(void)
{
	static const struct {
		struct chat_span text;
		size_t points;
	} texts[] = {{CHAT_SPAN(""), 0}, {CHAT_SPAN("a"), 1}, {CHAT_SPAN("a\0b"), 3},
		{CHAT_SPAN("gr\xC3\xBC\xC3\x9F"), 4}, {CHAT_SPAN("\xE2\x82\xAC"), 1},
		{CHAT_SPAN("\xF0\x9F\x99\x82\xF0\x9F\x99\x82"), 2}};
	char text[256];
	bool right = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		is_int(chat_utf8_count(texts[i].text.at, texts[i].text.len), texts[i].points,
			"code points of text %zu", i);
	for (size_t len = 0; len <= 40; len++)
		for (size_t emoji = 0; emoji <= len; emoji++) {
			memset(text, 'a', len);
			memcpy(text + emoji, "\xF0\x9F\x99\x82", 4);
			memset(text + emoji + 4, 'b', len - emoji);
			right = right &&
				chat_utf8_count(guard_copy(text, len + 4), len + 4) == len + 1;
		}
	ok(right, "one emoji in 0 to 40 letters, anywhere");
}

/* Checks valid text of every length up to 64, at the end of memory, parted in every place. */
static void
test_edges(void)
{
	static const char pattern[] = "abc\xC3\xA9\xE2\x82\xAC"
				      "defghijkl\xF0\x9F\x99\x82";
	bool checked = true, fed = true;
	char text[128];

	for (size_t len = 0; len <= 64; len++) {
		const char *guarded;
		size_t whole;

		for (size_t i = 0; i < len; i++)
			text[i] = pattern[i % (sizeof(pattern) - 1)];
		guarded = guard_copy(text, len);
		whole = chat_utf8_check(guarded, len);
		checked = checked && whole <= len && len - whole < 4;
		for (size_t split = 0; split <= whole; split++)
			fed = fed && feed_split(guarded, whole, split) == CHAT_UTF8_ACCEPT;
	}
	ok(checked, "texts that end at the end of memory are read no further");
	ok(fed, "and may be fed in two pieces, cut anywhere");
}

static void
test_control(void)
{
	static const uint32_t yes[] = {0, 0x1B, 0x1F, 0x7F, 0x80, 0x9B, 0x9F, 0x61C, 0x200E, 0x200F,
		0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069};
	static const uint32_t no[] = {0x20, 0x7E, 0xA0, 0x61B, 0x61D, 0x200D, 0x2010, 0x2027,
		0x202F, 0x2065, 0x206A, 0x1F642, 0x10FFFF};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(chat_utf8_is_control(yes[i]), "U+%04X is a control", (unsigned)yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!chat_utf8_is_control(no[i]), "U+%04X is none", (unsigned)no[i]);
}

static void
test_invisible(void)
{
	static const uint32_t yes[] = {0xAD, 0x34F, 0x600, 0x61C, 0x6DD, 0x70F, 0x890, 0x8E2,
		0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180E, 0x180F, 0x200B, 0x200C, 0x200D,
		0x200E, 0x202E, 0x2060, 0x2064, 0x2065, 0x2069, 0x206F, 0x2800, 0x3164, 0xFE00,
		0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0, 0xFFF8, 0xFFFB, 0x110BD, 0x13430, 0x13442, 0x16FE4,
		0x1BCA0, 0x1D159, 0x1D173, 0xE0000, 0xE0001, 0xE0020, 0xE007F, 0xE0100, 0xE01EF,
		0xE0FFF};
	static const uint32_t no[] = {0, 'a', ' ', 0xA0, 0xAC, 0xAE, 0x300, 0x3000, 0x27FF, 0x2801,
		0xFE10, 0xFFFC, 0xFFFD, 0x1F642, 0xDFFFF, 0xE1000, 0x10FFFF};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ok(chat_utf8_is_invisible(yes[i]), "U+%04X is invisible", (unsigned)yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ok(!chat_utf8_is_invisible(no[i]), "U+%04X is not", (unsigned)no[i]);
}

int
main(void)
{
	is_int(chat_utf8_check("", 0), 0, "nothing is UTF-8");
	test_bad();
	test_points();
	test_all_sequences();
	test_count();
	test_edges();
	test_control();
	test_invisible();
	return done();
}
