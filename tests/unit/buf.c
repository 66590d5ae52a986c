/* Growable buffers contain what was appended, and keep their limit to the byte. */
#include "text/buf.h"

#include <stdint.h>
#include <stdlib.h>

#include "tap.h"

static void
test_append(void)
{
	struct chat_buf buf = {0};
	char expected[20000];
	bool kept = true;

	for (size_t i = 0; i < sizeof(expected); i++)
		expected[i] = (char)(i * 7);
	for (size_t at = 0, step = 1; at < sizeof(expected);
		at += step, step = step * 3 % 701 + 1) {
		if (step > sizeof(expected) - at)
			step = sizeof(expected) - at;
		kept = kept && chat_buf_append(&buf, expected + at, step) == 0 &&
			buf.len <= buf.cap;
	}
	ok(kept, "20,000 bytes in uneven pieces");
	ok(buf.len == sizeof(expected) && memcmp(buf.at, expected, buf.len) == 0, "are all there");
	ok(buf.cap <= 4 * sizeof(expected), "in not much more memory");
	chat_buf_free(&buf);
	ok(!buf.at && buf.len == 0 && buf.cap == 0, "nothing is left behind");
	chat_buf_free(&buf);
	ok(!buf.at, "freeing twice is harmless");
}

static void
test_kinds(void)
{
	struct chat_buf buf = {0};

	chat_buf_append_string(&buf, "one ");
	chat_buf_append_span(&buf, CHAT_SPAN("two\0three"));
	chat_buf_printf(&buf, " %d%s", 4, "!");
	ok(chat_span_equal(chat_buf_span(&buf), CHAT_SPAN("one two\0three 4!")),
		"string, span, printf");
	is_int(chat_buf_append(&buf, NULL, 0), 0, "nothing can be appended");
	is_int(chat_buf_append_span(&buf, (struct chat_span){NULL, 0}), 0, "an empty span too");
	is_int(buf.len, 16, "and changes nothing");
	chat_buf_free(&buf);
}

static void
test_printf_lengths(void)
{
	for (int len = 0; len < 300; len++) {
		struct chat_buf buf = {0};
		bool right;

		chat_buf_append_string(&buf, "x");
		chat_buf_printf(&buf, "%*s", len, "");
		right = buf.len == (size_t)len + 1 && buf.len <= buf.cap;
		for (int i = 1; i <= len; i++)
			right = right && buf.at[i] == ' ';
		if (!right)
			ok(false, "printf of %d bytes", len);
		chat_buf_free(&buf);
	}
	ok(true, "printf of 0 to 299 bytes");
}

static void
test_limit(void)
{
	struct chat_buf buf = {.limit = 10};

	is_int(chat_buf_append(&buf, "12345678901", 11), -1, "eleven into ten");
	is_int(buf.len, 0, "leaves it unchanged");
	is_int(chat_buf_append(&buf, "1234567890", 10), 0, "ten into ten");
	is_int(chat_buf_append(&buf, "x", 1), -1, "one more");
	is_int(chat_buf_append_string(&buf, "x"), -1, "a string more");
	is_int(chat_buf_printf(&buf, "x"), -1, "printf of one more");
	is_int(chat_buf_append(&buf, "", 0), 0, "nothing more");
	is_int(chat_buf_printf(&buf, "%s", ""), 0, "printf of nothing");
	ok(!chat_buf_reserve(&buf, 1), "room for one more");
	ok(!chat_buf_reserve(&buf, SIZE_MAX), "room for everything");
	ok(chat_span_equal(chat_buf_span(&buf), CHAT_SPAN("1234567890")), "still the ten");
	chat_buf_free(&buf);
	is_int(buf.limit, 10, "the limit outlives free");
	is_int(chat_buf_printf(&buf, "%s", "1234567890"), 0, "printf of exactly the limit");
	is_int(chat_buf_printf(&buf, "%d", 1), -1, "and not of one more");
	is_int(buf.len, 10, "ten");
	chat_buf_free(&buf);
	is_int(chat_buf_printf(&buf, "%s", "12345678901"), -1, "printf of the limit and one");
	is_int(buf.len, 0, "nothing");
	buf.limit = 1 << 20;
	chat_buf_reserve(&buf, 1 << 20);
	is_int(buf.cap, 1 << 20, "growth stops at the limit");
	chat_buf_append_string(&buf, "abc");
	buf.limit = 2;
	is_int(chat_buf_append(&buf, "", 0), -1, "a limit set below what is there");
	chat_buf_free(&buf);
}

static void
test_reserve(void)
{
	struct chat_buf buf = {0};
	char *room = chat_buf_reserve(&buf, 0);

	ok(room, "room for nothing is somewhere");
	room = chat_buf_reserve(&buf, 1000);
	memset(room, 'r', 1000);
	is_int(buf.len, 0, "reserving adds nothing");
	buf.len += 1000;
	ok(chat_buf_reserve(&buf, 1) == buf.at + 1000, "the next room is behind");
	ok(buf.at[0] == 'r' && buf.at[999] == 'r', "growing keeps what is there");
	chat_buf_free(&buf);
}

static void
test_drop(void)
{
	struct chat_buf buf = {0};

	chat_buf_drop(&buf, 0);
	is_int(buf.len, 0, "nothing dropped of nothing");
	chat_buf_append_string(&buf, "hello world");
	chat_buf_drop(&buf, 0);
	is_int(buf.len, 11, "nothing dropped");
	chat_buf_drop(&buf, 6);
	ok(chat_span_equal(chat_buf_span(&buf), CHAT_SPAN("world")), "the front dropped");
	chat_buf_drop(&buf, 5);
	is_int(buf.len, 0, "all dropped");
	chat_buf_free(&buf);
}

static void
test_alloc(void)
{
	char *zeroed = chat_alloc_zeroed(3, 100), *copy = chat_strdup("text");
	char *part = chat_strndup("te\0xt", 4), *none = chat_strndup(NULL, 0);
	bool all_zero = true;
	void *empty = chat_alloc(0);

	for (int i = 0; i < 300; i++)
		all_zero = all_zero && zeroed[i] == 0;
	ok(all_zero, "zeroed memory is zero");
	ok(empty, "an allocation of nothing is not NULL");
	is_str(copy, "text", "strdup");
	ok(memcmp(part, "te\0x", 5) == 0, "strndup copies NULs and ends with one");
	is_str(none, "", "strndup of nothing");
	copy = chat_realloc(copy, 1000);
	is_str(copy, "text", "realloc keeps");
	free(zeroed);
	free(copy);
	free(part);
	free(none);
	free(empty);
}

int
main(void)
{
	test_append();
	test_kinds();
	test_printf_lengths();
	test_limit();
	test_reserve();
	test_drop();
	test_alloc();
	return done();
}
