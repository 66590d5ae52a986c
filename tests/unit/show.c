/* No bytes that chat_show() was given can control a terminal. */
#include "text/show.h"

#include <stdlib.h>

#include "guard.h"
#include "tap.h"
#include "text/utf8.h"

static void
shows(struct chat_span text, const char *want)
{
	struct chat_buf out = {0};

	chat_show(&out, (struct chat_span){guard_copy(text.at, text.len), text.len});
	chat_buf_append(&out, "", 1);
	is_str(out.at, want, "shown as %s", want);
	chat_buf_free(&out);
}

static void
test_texts(void)
{
	shows(CHAT_SPAN(""), "");
	shows(CHAT_SPAN("plain text, 'quotes' and \\n"), "plain text, 'quotes' and \\n");
	shows(CHAT_SPAN("a\nb\rc\td"), "a\\nb\\rc\\td");
	shows(CHAT_SPAN("\x1B[31mred"), "\\x1b[31mred");
	shows(CHAT_SPAN("\x1B]52;c;eA==\x07"), "\\x1b]52;c;eA==\\x07");
	shows(CHAT_SPAN("nul\0del\x7F"), "nul\\x00del\\x7f");
	shows(CHAT_SPAN("\xC2\x9B"
			"31m"),
		"\\u009b31m");
	shows(CHAT_SPAN("a\xE2\x80\xAEtxt.exe"), "a\\u202etxt.exe");
	shows(CHAT_SPAN("a\xE2\x80\xA8z"), "a\\u2028z");
	shows(CHAT_SPAN("\xC3\xBC \xE2\x82\xAC \xF0\x9F\x99\x82"),
		"\xC3\xBC \xE2\x82\xAC \xF0\x9F\x99\x82");
	shows(CHAT_SPAN("\xFF"), "\\xff");
	shows(CHAT_SPAN("ab\xC3"), "ab\\xc3");
	shows(CHAT_SPAN("\xE2\x82z"), "\\xe2\\x82z");
	shows(CHAT_SPAN("\xED\xA0\x80"), "\\xed\\xa0\\x80");
	shows(CHAT_SPAN("\x9B\x9B"
			"31m"),
		"\\x9b\\x9b31m");
}

static void
shows_name(struct chat_span name, const char *want)
{
	struct chat_buf out = {0};

	chat_show_name(&out, (struct chat_span){guard_copy(name.at, name.len), name.len});
	chat_buf_append(&out, "", 1);
	is_str(out.at, want, "a name shown as %s", want);
	chat_buf_free(&out);
}

/* Two different names do not look the same. */
static void
test_names(void)
{
	shows_name(CHAT_SPAN("alice"), "alice");
	shows_name(
		CHAT_SPAN("\xC3\xBC \xF0\x9F\x99\x82\n\xFF"), "\xC3\xBC \xF0\x9F\x99\x82\\n\\xff");
	shows_name(CHAT_SPAN("al\xE2\x80\x8Bice"), "al\\u200bice");
	shows_name(CHAT_SPAN("al\xC2\xADice\xEF\xB8\x8F"), "al\\u00adice\\ufe0f");
	shows_name(CHAT_SPAN("\xE2\xA0\x80\xE2\xA0\x80\xE3\x85\xA4"), "\\u2800\\u2800\\u3164");
	shows_name(CHAT_SPAN("bob\xF3\xA0\x81\xA1"), "bob\\U000e0061");
	shows(CHAT_SPAN("\xE2\x9D\xA4\xEF\xB8\x8F"), "\xE2\x9D\xA4\xEF\xB8\x8F");
}

/* Any two bytes become UTF-8 without a control character. */
static void
test_all(void)
{
	unsigned wrong = 0;

	for (unsigned all = 0; all < 1u << 16; all++) {
		char text[2] = {(char)(all >> 8), (char)all};
		struct chat_buf out = {0};
		size_t len;

		chat_show(&out, (struct chat_span){text, 2});
		wrong += chat_utf8_check(out.at, out.len) != out.len;
		for (size_t at = 0; at < out.len; at += len)
			wrong += chat_utf8_is_control(chat_utf8_decode(out.at + at, &len));
		chat_buf_free(&out);
	}
	is_int(wrong, 0, "every pair of bytes is shown as text");
}

static void
test_limit(void)
{
	struct chat_buf out = {.limit = 6};

	chat_show(&out,
		CHAT_SPAN("abc\x1B"
			  "d"));
	ok(chat_span_equal(chat_buf_span(&out), CHAT_SPAN("abc")), "cut before what does not fit");
	out.len = 0;
	chat_show(&out,
		CHAT_SPAN("ab\x1B"
			  "d"));
	ok(chat_span_equal(chat_buf_span(&out), CHAT_SPAN("ab\\x1b")), "never inside of it");
	chat_buf_free(&out);
}

int
main(void)
{
	test_texts();
	test_names();
	test_all();
	test_limit();
	return done();
}
