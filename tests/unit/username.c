/* The usernames that a server refuses although the specification allows them. */
#include "message/username.h"
#include "chat/msg.h"
#include "tap.h"

static void
test_usernames(void)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{"abc", true},
		{"a b", true},
		{"\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xF0\x9F\x98\x80", true},
		{"a\xC2\xA0"
		 "b",
			true},
		{" ab", false},
		{"ab ", false},
		{"\xC2\xA0"
		 "ab",
			false},
		{"ab\xE3\x80\x80", false},
		{"a\tb", false},
		{"a\x7F"
		 "b",
			false},
		{"a\xC2\x80"
		 "b",
			false},
		{"a\xC2\x9F"
		 "b",
			false},
		{"a\xE2\x80\xA8"
		 "b",
			false},
		{"a\xE2\x80\xA9"
		 "b",
			false},
		{"a\xE2\x80\xAE"
		 "b",
			false},
		{"a\xE2\x81\xA6"
		 "b",
			false},
		{"al\xE2\x80\x8Bice", false},
		{"al\xE2\x80\x8Dice", false},
		{"al\xC2\xADice", false},
		{"alice\xEF\xB8\x8F", false},
		{"\xE2\xA0\x80\xE2\xA0\x80\xE2\xA0\x80", false},
		{"\xE3\x85\xA4\xE3\x85\xA4\xE3\x85\xA4", false},
		{"bob\xF3\xA0\x81\xA1", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chat_err err = {0};
		int result = chat_username_check(chat_span_of(cases[i].name), &err);

		is_int(result, cases[i].good ? 0 : -1, "username %zu", i);
		if (result < 0)
			is_str(chat_code_word(err.code), "bad_username", "username %zu: why", i);
	}
}

int
main(void)
{
	test_usernames();
	return done();
}
