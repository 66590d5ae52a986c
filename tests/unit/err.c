/* Errors: the words sent to peers, what chat_fail() writes, and where it cuts a long text. */
#include "text/err.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"
#include "text/utf8.h"

/* The list of chat-protocol(7), ERROR CODES, in its order. */
static const char *const wire_words[] = {"bad_utf8", "bad_json", "duplicate_key", "bad_message",
	"unknown_type", "not_initialized", "already_initialized", "bad_username", "username_taken",
	"id_taken", "unauthorized", "bad_base64", "text_too_long", "text_empty", "too_large",
	"nonce_reused", "rate_limited", "channel_full", "server_full", "slow_consumer",
	"storage_failed", "unavailable", "shutting_down", "internal"};

#define WIRE_WORDS (int)(sizeof(wire_words) / sizeof(wire_words[0]))

static void
test_words(void)
{
	is_str(chat_code_word(CHAT_OK), "ok", "the word of CHAT_OK");
	for (int i = 0; i < WIRE_WORDS; i++) {
		enum chat_code code = (enum chat_code)(CHAT_BAD_UTF8 + i);

		is_str(chat_code_word(code), wire_words[i], "word %s", wire_words[i]);
		is_int(chat_code_find(chat_span_of(wire_words[i])), code, "found %s",
			wire_words[i]);
		is_int(chat_code_wire(code), code, "%s goes as itself", wire_words[i]);
	}
	is_int(CHAT_BAD_UTF8 + WIRE_WORDS, CHAT_BYTE_ORDER_MARK, "that is the whole first group");
	for (int a = 0; a < CHAT_CODES; a++)
		for (int b = 0; b < a; b++)
			if (strcmp(chat_code_word((enum chat_code)a),
				    chat_code_word((enum chat_code)b)) == 0)
				ok(false, "codes %d and %d share a word", a, b);
}

static void
test_wire(void)
{
	for (int code = CHAT_BYTE_ORDER_MARK; code <= CHAT_TOO_DEEP; code++)
		is_int(chat_code_wire((enum chat_code)code), CHAT_BAD_JSON, "%s goes as bad_json",
			chat_code_word((enum chat_code)code));
	for (int code = CHAT_USAGE; code < CHAT_CODES; code++)
		is_int(chat_code_wire((enum chat_code)code), CHAT_INTERNAL, "%s goes as internal",
			chat_code_word((enum chat_code)code));
	is_int(chat_code_wire(CHAT_OK), CHAT_OK, "ok goes as ok");
}

static void
test_find_refuses(void)
{
	static const char *const words[] = {"", "ok", "BAD_JSON", "bad_jso", "bad_jsonx",
		"lone_surrogate", "usage", "connection_lost"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		is_int(chat_code_find(chat_span_of(words[i])), CHAT_OK, "no wire word: '%s'",
			words[i]);
	is_int(chat_code_find((struct chat_span){"bad_json\0", 9}), CHAT_OK, "nor with a NUL");
}

static void
test_fail(void)
{
	struct chat_err err = {.code = CHAT_INTERNAL, .offset = 9, .field = "/x", .text = "old"};

	is_int(chat_fail(NULL, CHAT_USAGE, "%s", "nobody listens"), -1, "err may be NULL");
	is_int(chat_fail_at(NULL, CHAT_USAGE, 3, "%s", "nobody listens"), -1, "there too");
	is_int(chat_fail(&err, CHAT_BAD_JSON, "expected %d", 7), -1, "chat_fail gives -1");
	is_int(err.code, CHAT_BAD_JSON, "code");
	is_int(err.offset, 0, "no offset left over");
	is_str(err.field, "", "no field left over");
	is_str(err.text, "expected 7", "text");
	is_int(chat_fail_at(&err, CHAT_BAD_UTF8, 41, "here"), -1, "chat_fail_at gives -1");
	is_int(err.offset, 41, "offset");
	chat_fail(&err, err.code, "file: %s", err.text);
	is_str(err.text, "file: here", "the arguments may lie in err");
	errno = ENOENT;
	chat_fail(&err, CHAT_CANNOT_OPEN, "%m");
	is_str(err.text, "No such file or directory", "%%m is errno's sentence");
	is_int(errno, ENOENT, "errno is kept");
}

/* Checks a text of `len` bytes that ends with this sequence. */
static void
check_cut(size_t len, const char *sequence, size_t want)
{
	struct chat_err err;
	char text[256];
	size_t tail = strlen(sequence);

	memset(text, 'a', len);
	memcpy(text + len - tail, sequence, tail + 1);
	chat_fail(&err, CHAT_USAGE, "%s", text);
	is_int(strlen(err.text), want, "%zu bytes ending in %zu are cut to %zu", len, tail, want);
	ok(strncmp(err.text, text, want) == 0, "to the front of it");
	is_int(chat_utf8_check(err.text, want), want, "which is UTF-8");
}

static void
test_cut(void)
{
	size_t max = sizeof(((struct chat_err *)0)->text) - 1;

	check_cut(max, "a", max);
	check_cut(max + 1, "a", max);
	check_cut(max, "\xC3\xA9", max);
	check_cut(max + 1, "\xC3\xA9", max - 1);
	check_cut(max, "\xF0\x9F\x99\x82", max);
	check_cut(max + 1, "\xF0\x9F\x99\x82", max - 3);
	check_cut(max + 3, "\xF0\x9F\x99\x82", max - 1);
	check_cut(max + 4, "\xF0\x9F\x99\x82", max);
	check_cut(max + 1, "\xC3\xA9z", max);
}

int
main(void)
{
	test_words();
	test_wire();
	test_find_refuses();
	test_fail();
	test_cut();
	return done();
}
