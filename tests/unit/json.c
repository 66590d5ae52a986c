/*
 * The JSON reader without the rules of messages: values, strings, numbers, stepping through
 * containers, depth, and texts that are cut off at every byte.
 */
#include "chat/json.h"

#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "tap.h"

static enum chat_code
read_whole(const char *text, size_t len, struct chat_json_value *value, struct chat_err *err)
{
	struct chat_json json;

	*err = (struct chat_err){0};
	chat_json_begin(&json, (struct chat_span){text, len});
	if (chat_json_read(&json, value, err) || chat_json_end(&json, err))
		return err->code;
	return CHAT_OK;
}

static void
test_errors(void)
{
	static const struct {
		struct chat_span text;
		enum chat_code code;
		size_t offset;
	} cases[] = {
		{CHAT_SPAN(""), CHAT_BAD_JSON, 0},
		{CHAT_SPAN(" \t"), CHAT_BAD_JSON, 2},
		{CHAT_SPAN("\xEF\xBB\xBF{}"), CHAT_BYTE_ORDER_MARK, 0},
		{CHAT_SPAN(" \xEF\xBB\xBF{}"), CHAT_BAD_JSON, 1},
		{CHAT_SPAN("{} {}"), CHAT_TRAILING_DATA, 3},
		{CHAT_SPAN("{}\0"), CHAT_NUL_CHARACTER, 2},
		{CHAT_SPAN("[\0]"), CHAT_NUL_CHARACTER, 1},
		{CHAT_SPAN("\"a\0\""), CHAT_NUL_CHARACTER, 2},
		{CHAT_SPAN("\"a\\u0000\""), CHAT_NUL_CHARACTER, 2},
		{CHAT_SPAN("[\"\\ud800\"]"), CHAT_LONE_SURROGATE, 2},
		{CHAT_SPAN("\"\\ude00\\ud83d\""), CHAT_LONE_SURROGATE, 1},
		{CHAT_SPAN("\"a\nb\""), CHAT_BAD_JSON, 2},
		{CHAT_SPAN("\"12345678\x1f\""), CHAT_BAD_JSON, 9},
		{CHAT_SPAN("{\"a\":01}"), CHAT_BAD_JSON, 6},
		{CHAT_SPAN("{\"a\" 1}"), CHAT_BAD_JSON, 5},
		{CHAT_SPAN("{\"a\":1,}"), CHAT_BAD_JSON, 7},
		{CHAT_SPAN("[1,]"), CHAT_BAD_JSON, 3},
		{CHAT_SPAN("[1}"), CHAT_BAD_JSON, 2},
		{CHAT_SPAN("[1"), CHAT_BAD_JSON, 2},
		{CHAT_SPAN("tru"), CHAT_BAD_JSON, 3},
		{CHAT_SPAN("trux"), CHAT_BAD_JSON, 3},
		{CHAT_SPAN("-"), CHAT_BAD_JSON, 1},
		{CHAT_SPAN("1.e"), CHAT_BAD_JSON, 2},
		{CHAT_SPAN("\"\\u12"), CHAT_BAD_JSON, 5},
		{CHAT_SPAN("\"\\u12zz\""), CHAT_BAD_JSON, 1},
		{CHAT_SPAN("\"\\q\""), CHAT_BAD_JSON, 1},
	};
	struct chat_json_value value;
	struct chat_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = guard_copy(cases[i].text.at, cases[i].text.len);
		enum chat_code code = read_whole(text, cases[i].text.len, &value, &err);

		is_str(chat_code_word(code), chat_code_word(cases[i].code), "error %zu: its code",
			i);
		is_int(err.offset, cases[i].offset, "error %zu: its place", i);
		ok(err.field[0] == '\0' && err.text[0] != '\0', "error %zu: its text", i);
	}
}

/* With any_escape, escapes of NUL and of lone surrogates are accepted, and reading goes on. */
static void
test_any_escape(void)
{
	static const struct {
		struct chat_span text;
		enum chat_code code;
	} cases[] = {
		{CHAT_SPAN("\"\\u0000\""), CHAT_OK},
		{CHAT_SPAN("[\"\\ud800\",\"\\ude00\\ud83d\"]"), CHAT_OK},
		{CHAT_SPAN("[\"\\ud800\",\"a\nb\"]"), CHAT_BAD_JSON},
		{CHAT_SPAN("\"\\u000"), CHAT_BAD_JSON},
		{CHAT_SPAN("\"\\u0000\0\""), CHAT_NUL_CHARACTER},
		{CHAT_SPAN("\"\\ud800\" 1"), CHAT_TRAILING_DATA},
	};
	struct chat_json_value value;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = guard_copy(cases[i].text.at, cases[i].text.len);
		struct chat_err err = {0};
		struct chat_json json;

		chat_json_begin(&json, (struct chat_span){text, cases[i].text.len});
		json.any_escape = true;
		if (chat_json_read(&json, &value, &err) == 0)
			chat_json_end(&json, &err);
		is_str(chat_code_word(err.code), chat_code_word(cases[i].code), "any escape %zu",
			i);
	}
}

static void
test_values(void)
{
	static const struct {
		struct chat_span text;
		enum chat_json_kind kind;
	} cases[] = {
		{CHAT_SPAN("null"), CHAT_JSON_NULL},
		{CHAT_SPAN("true"), CHAT_JSON_BOOLEAN},
		{CHAT_SPAN("false"), CHAT_JSON_BOOLEAN},
		{CHAT_SPAN("-0.5e+7"), CHAT_JSON_NUMBER},
		{CHAT_SPAN("\"a\""), CHAT_JSON_STRING},
		{CHAT_SPAN("[1,[2],{\"a\":[]}]"), CHAT_JSON_ARRAY},
		{CHAT_SPAN("{\"a\":{\"b\":[{}]},\"c\":1}"), CHAT_JSON_OBJECT},
	};
	struct chat_json_value value;
	struct chat_err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = guard_copy(cases[i].text.at, cases[i].text.len);

		ok(read_whole(text, cases[i].text.len, &value, &err) == CHAT_OK,
			"value %zu is read", i);
		ok(value.kind == cases[i].kind, "value %zu is a %s", i,
			chat_json_kind_word(value.kind));
		ok(chat_span_equal(value.raw, cases[i].text), "value %zu is its own bytes", i);
	}
}

/* Every proper prefix of a text is an error at the end of the prefix. */
static void
test_cut_off(void)
{
	static const char whole[] =
		"{\"key\":[-1,2,\"\xC3\xA9 \\n\\u00e9 long enough\",true,false,null,{\"a\":{}}]}";
	struct chat_json_value value;
	struct chat_err err;
	size_t wrong = 0;

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		const char *text = guard_copy(whole, len);

		wrong += read_whole(text, len, &value, &err) != CHAT_BAD_JSON || err.offset != len;
	}
	is_int(wrong, 0, "a text cut off anywhere is an error at its end");
	ok(read_whole(whole, sizeof(whole) - 1, &value, &err) == CHAT_OK, "uncut it is none");
}

static void
test_strings(void)
{
	static const struct {
		const char *json, *meaning;
		size_t points;
		bool escaped;
	} cases[] = {
		{"\"\"", "", 0, false},
		{"\"type\"", "type", 4, false},
		{"\"\\u0074ype\"", "type", 4, true},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8, true},
		{"\"\\u00e9\\u20AC\\ud83d\\ude00\"", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 3,
			true},
		{"\"\\ud800\\udc00\\udbff\\udfff\"", "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 2, true},
		{"\"12345678\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xF0\x9F\x98\x80\xF0\x9F\x98\x80z\"",
			"12345678\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xF0\x9F\x98\x80\xF0\x9F\x98\x80z",
			15, false},
		{"\"\x7F\xC2\x80\xE2\x80\xA8\"", "\x7F\xC2\x80\xE2\x80\xA8", 3, false},
	};
	char decoded[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].json), want = strlen(cases[i].meaning), got;
		struct chat_json_value value;
		struct chat_err err;

		read_whole(guard_copy(cases[i].json, len), len, &value, &err);
		is_int(value.points, cases[i].points, "string %zu: its code points", i);
		is_int(value.escaped, cases[i].escaped, "string %zu: escaped", i);
		got = chat_json_unescape(&value, decoded, sizeof(decoded));
		ok(got == want && memcmp(decoded, cases[i].meaning, want) == 0,
			"string %zu: its meaning", i);
		is_int(chat_json_unescape(&value, decoded, want), want, "string %zu fits exactly",
			i);
		if (want > 0)
			ok(chat_json_unescape(&value, decoded, want - 1) == (size_t)-1,
				"string %zu does not fit a byte less", i);
		ok(chat_json_string_is(&value, chat_span_of(cases[i].meaning)),
			"string %zu is what it means", i);
		ok(!chat_json_string_is(&value, CHAT_SPAN("typ")), "string %zu is not another", i);
		ok(!chat_json_string_is(&value, CHAT_SPAN("type and more")),
			"string %zu is not a longer one", i);
	}
}

/* Decoding in pieces of any size gives the same bytes, and ends. */
static void
test_pieces(void)
{
	static const char text[] = "\"ab\\u00e9\\ud83d\\ude00cd\\n\xC3\xA9\"";
	static const char meaning[] = "ab\xC3\xA9\xF0\x9F\x98\x80"
				      "cd\n\xC3\xA9";
	struct chat_json_value value;
	struct chat_err err;
	char out[64];

	read_whole(text, sizeof(text) - 1, &value, &err);
	for (size_t size = 4; size <= 16; size++) {
		struct chat_span rest = chat_json_inside(&value);
		size_t len = 0;

		while (rest.len > 0 && len < sizeof(out) - size)
			len += chat_json_decode(&rest, out + len, size);
		ok(len == sizeof(meaning) - 1 && memcmp(out, meaning, len) == 0,
			"decoded %zu bytes at a time", size);
	}
}

static void
test_steps(void)
{
	static const char text[] = " { \"a\" : [ 1 , { } ] , \"b\" : null } ";
	struct chat_json_value value, key;
	enum chat_json_kind kind;
	struct chat_json json;
	bool object, array;

	chat_json_begin(&json, (struct chat_span){text, sizeof(text) - 1});
	is_int(chat_json_peek(&json, &kind, NULL), 0, "something comes");
	ok(kind == CHAT_JSON_OBJECT, "an object");
	is_int(chat_json_enter(&json, &object, NULL), 0, "entered");
	is_int(chat_json_member(&json, &object, &key, NULL), 1, "a member");
	ok(chat_json_string_is(&key, CHAT_SPAN("a")), "its key");
	is_int(chat_json_enter(&json, &array, NULL), 0, "its array entered");
	is_int(json.depth, 2, "two levels");
	is_int(chat_json_element(&json, &array, NULL), 1, "an element");
	is_int(chat_json_read(&json, &value, NULL), 0, "read");
	is_int(chat_json_element(&json, &array, NULL), 1, "another");
	is_int(chat_json_read(&json, &value, NULL), 0, "read");
	ok(chat_span_equal(value.raw, CHAT_SPAN("{ }")), "whole");
	is_int(chat_json_element(&json, &array, NULL), 0, "no more");
	is_int(chat_json_member(&json, &object, &key, NULL), 1, "a second member");
	is_int(chat_json_read(&json, &value, NULL), 0, "its value");
	is_int(chat_json_member(&json, &object, &key, NULL), 0, "no more");
	is_int(json.depth, 0, "all left");
	is_int(chat_json_end(&json, NULL), 0, "the end");
	chat_json_begin(&json, CHAT_SPAN("1"));
	is_int(chat_json_enter(&json, &object, NULL), -1, "a number is not entered");
}

static char *
repeat(const char *piece, size_t times, const char *middle, const char *close)
{
	size_t open_len = strlen(piece), close_len = strlen(close), middle_len = strlen(middle);
	char *text = malloc(times * (open_len + close_len) + middle_len + 1), *at = text;

	for (size_t i = 0; i < times; i++, at += open_len)
		memcpy(at, piece, open_len);
	memcpy(at, middle, middle_len);
	at += middle_len;
	for (size_t i = 0; i < times; i++, at += close_len)
		memcpy(at, close, close_len);
	*at = '\0';
	return text;
}

static void
test_depth_of(const char *open, size_t times, const char *middle, const char *close,
	enum chat_code want, const char *what)
{
	char *text = repeat(open, times, middle, close);
	struct chat_json_value value;
	struct chat_err err;

	is_str(chat_code_word(read_whole(text, strlen(text), &value, &err)), chat_code_word(want),
		"%s", what);
	free(text);
}

static void
test_depth(void)
{
	test_depth_of("[", 1024, "", "]", CHAT_OK, "1,024 arrays");
	test_depth_of("[", 1025, "", "]", CHAT_TOO_DEEP, "1,025 arrays");
	test_depth_of("{\"a\":", 1024, "1", "}", CHAT_OK, "1,024 objects");
	test_depth_of("{\"a\":", 1025, "1", "}", CHAT_TOO_DEEP, "1,025 objects");
	test_depth_of("[{\"a\":", 512, "1", "}]", CHAT_OK, "512 of each");
	test_depth_of("[{\"a\":", 512, "[]", "}]", CHAT_TOO_DEEP, "512 of each and one");
	test_depth_of("[", 1 << 20, "", "", CHAT_TOO_DEEP, "1 MiB of opening brackets");
	test_depth_of("[[],", 1023, "1", "]", CHAT_OK, "neighbours do not add up");
	test_depth_of("{\"a\":[{\"b\":", 300, "1", "}]}", CHAT_OK, "closed in the right order");
	test_depth_of("{\"a\":[{\"b\":", 300, "1", "]}}", CHAT_BAD_JSON, "and in the wrong one");
	test_depth_of("[", 64, "{\"a\":1}", "]", CHAT_OK, "an object on level 65");
	test_depth_of("[", 63, "{\"a\":[],\"b\":{\"c\":1},\"d\":2}", "]", CHAT_OK,
		"back to an object on level 64");
}

static void
test_integers(void)
{
	static const struct {
		const char *number;
		bool integer;
		int with_zero, with_one; /* compared with 0 and 1 */
	} cases[] = {
		{"0", true, 0, -1},
		{"-0", true, 0, -1},
		{"0.0", true, 0, -1},
		{"-0.000e-5", true, 0, -1},
		{"0e999999999999", true, 0, -1},
		{"0e-999999999999", true, 0, -1},
		{"1", true, 1, 0},
		{"1.0", true, 1, 0},
		{"10e-1", true, 1, 0},
		{"0.1e1", true, 1, 0},
		{"0.0001E+4", true, 1, 0},
		{"100000000000000000000000e-23", true, 1, 0},
		{"-1", true, -1, -1},
		{"-1.0e0", true, -1, -1},
		{"1e3", true, 1, 1},
		{"1.5e1", true, 1, 1},
		{"1.50e1", true, 1, 1},
		{"1e400", true, 1, 1},
		{"-1e400", true, -1, -1},
		{"1e99999999999999999999999999", true, 1, 1},
		{"18446744073709551616", true, 1, 1},
		{"18446744073709551615", true, 1, 1},
		{"99999999999999999999", true, 1, 1},
		{"1.5", false, 0, 0},
		{"1e-1", false, 0, 0},
		{"15e-1", false, 0, 0},
		{"-0.5", false, 0, 0},
		{"1.50e0", false, 0, 0},
		{"1e-400", false, 0, 0},
		{"1e-99999999999999999999999999", false, 0, 0},
		{"1.00000000000000000000000000000000001", false, 0, 0},
		{"123456789012345678901234567890.5", false, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct chat_span number = chat_span_of(cases[i].number);

		is_int(chat_json_is_integer(number), cases[i].integer, "%s: an integer?",
			number.at);
		if (!cases[i].integer)
			continue;
		is_int(chat_json_compare_integer(number, 0), cases[i].with_zero, "%s against 0",
			number.at);
		is_int(chat_json_compare_integer(number, 1), cases[i].with_one, "%s against 1",
			number.at);
	}
}

static void
test_int64(void)
{
	static const struct {
		const char *number;
		bool fits;
		int64_t value;
	} cases[] = {
		{"0", true, 0},
		{"-0.0e7", true, 0},
		{"1700000000000", true, INT64_C(1700000000000)},
		{"17e11", true, INT64_C(1700000000000)},
		{"1.7e12", true, INT64_C(1700000000000)},
		{"170.0000e1", true, 1700},
		{"0.0012e5", true, 120},
		{"9223372036854775807", true, INT64_MAX},
		{"9223372036854775808", false, 0},
		{"-9223372036854775808", true, INT64_MIN},
		{"-9223372036854775809", false, 0},
		{"922337203685477580.7e1", true, INT64_MAX},
		{"9999999999999999999", false, 0},
		{"1e19", false, 0},
		{"1e18", true, INT64_C(1000000000000000000)},
		{"1.5", false, 0},
		{"1e400", false, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 0;

		is_int(chat_json_int64(chat_span_of(cases[i].number), &value), cases[i].fits,
			"%s fits?", cases[i].number);
		is_int(value, cases[i].value, "%s: its value", cases[i].number);
	}
	is_int(chat_json_compare_integer(CHAT_SPAN("-9223372036854775809"), INT64_MIN), -1,
		"one less than the least");
	is_int(chat_json_compare_integer(CHAT_SPAN("-9223372036854775808"), INT64_MIN), 0,
		"the least");
	is_int(chat_json_compare_integer(CHAT_SPAN("9223372036854775808"), INT64_MAX), 1,
		"one more than the greatest");
	is_int(chat_json_compare_integer(CHAT_SPAN("-5"), -7), 1, "-5 and -7");
}

static void
test_million_digits(void)
{
	size_t len = 1000000;
	char *digits = malloc(len + 8);

	memset(digits, '9', len);
	ok(chat_json_is_integer((struct chat_span){digits, len}), "a million nines");
	is_int(chat_json_compare_integer((struct chat_span){digits, len}, INT64_MAX), 1,
		"are more than anything");
	memset(digits + 1, '0', len - 1);
	memcpy(digits + len, "e-999999", 8);
	ok(chat_json_is_integer((struct chat_span){digits, len + 8}), "9, zeros and e-999999");
	is_int(chat_json_compare_integer((struct chat_span){digits, len + 8}, 9), 0, "are nine");
	digits[len - 1] = '1';
	ok(!chat_json_is_integer((struct chat_span){digits, len + 8}),
		"but not with a 1 at the end");
	free(digits);
}

int
main(void)
{
	test_errors();
	test_any_escape();
	test_values();
	test_cut_off();
	test_strings();
	test_pieces();
	test_steps();
	test_depth();
	test_integers();
	test_int64();
	test_million_digits();
	return done();
}
