/* Base64: the lenient and the canonical form are told apart at every character, decoding reverses
 * encoding, and nothing is read beyond the text. */
#include "chat/base64.h"

#include <stdlib.h>

#include "chat/span.h"
#include "guard.h"
#include "tap.h"

#define OK CHAT_BASE64_VALID

/* The offset of the first error in the lenient form, and true if the text is canonical. */
static const struct {
	struct chat_span text;
	size_t offset;
	bool canonical;
} cases[] = {
	{CHAT_SPAN(""), OK, true},
	{CHAT_SPAN("A"), 1, false},
	{CHAT_SPAN("AA"), OK, false},
	{CHAT_SPAN("AAA"), OK, false},
	{CHAT_SPAN("AAAA"), OK, true},
	{CHAT_SPAN("AAAAA"), 5, false},
	{CHAT_SPAN("base64encodedstring"), OK, false},
	{CHAT_SPAN("AA=="), OK, true},
	{CHAT_SPAN("AAA="), OK, true},
	{CHAT_SPAN("AQ=="), OK, true},
	{CHAT_SPAN("AB=="), OK, false},
	{CHAT_SPAN("AP=="), OK, false},
	{CHAT_SPAN("AAE="), OK, true},
	{CHAT_SPAN("AAB="), OK, false},
	{CHAT_SPAN("AAD="), OK, false},
	{CHAT_SPAN("AA="), 3, false},
	{CHAT_SPAN("AA==="), 4, false},
	{CHAT_SPAN("AAA=="), 4, false},
	{CHAT_SPAN("AAAA="), 4, false},
	{CHAT_SPAN("AAAA=="), 4, false},
	{CHAT_SPAN("A==="), 1, false},
	{CHAT_SPAN("A="), 1, false},
	{CHAT_SPAN("="), 0, false},
	{CHAT_SPAN("=="), 0, false},
	{CHAT_SPAN("===="), 0, false},
	{CHAT_SPAN("AA=A"), 3, false},
	{CHAT_SPAN("AA==AAAA"), 4, false},
	{CHAT_SPAN("AAA=AAAA"), 4, false},
	{CHAT_SPAN("***"), 0, false},
	{CHAT_SPAN("AA A"), 2, false},
	{CHAT_SPAN("AAAA "), 4, false},
	{CHAT_SPAN("\nAAA"), 0, false},
	{CHAT_SPAN("AA-_"), 2, false},
	{CHAT_SPAN("+/+/"), OK, true},
	{CHAT_SPAN("AA\0A"), 2, false},
	{CHAT_SPAN("AAA\x80"), 3, false},
	{CHAT_SPAN("AAA\xFF"), 3, false},
};

static void
test_check(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = guard_copy(cases[i].text.at, cases[i].text.len);

		is_int(chat_base64_check(text, cases[i].text.len), cases[i].offset,
			"check of case %zu", i);
		ok(chat_base64_canonical(text, cases[i].text.len) == cases[i].canonical,
			"case %zu is %scanonical", i, cases[i].canonical ? "" : "not ");
	}
}

static void
test_alphabet(void)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned wrong = 0;

	for (int byte = 0; byte < 256; byte++) {
		char text[4] = {'A', (char)byte, 'A', 'A'};
		bool in = byte != 0 && strchr(alphabet, byte);
		unsigned char out[3];

		wrong += chat_base64_check(text, 4) != (in ? OK : 1);
		if (!in)
			continue;
		wrong += chat_base64_decode(out, text, 4) != 3;
		wrong += (out[0] << 4 | out[1] >> 4) != (int)(strchr(alphabet, byte) - alphabet);
	}
	is_int(wrong, 0, "exactly the 64 characters, each with its value");
}

/* RFC 4648, section 10. */
static void
test_vectors(void)
{
	static const struct {
		const char *bytes, *text;
	} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
		{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		char out[16] = "";

		chat_base64_encode(out, vectors[i].bytes, strlen(vectors[i].bytes));
		is_str(out, vectors[i].text, "encode '%s'", vectors[i].bytes);
		memset(out, 0, sizeof(out));
		chat_base64_decode(out, vectors[i].text, strlen(vectors[i].text));
		is_str(out, vectors[i].bytes, "decode '%s'", vectors[i].text);
	}
}

static bool
decodes_to(const char *text, size_t len, const char *bytes, size_t size)
{
	char *out = malloc(size + 1); /* no byte more, so that ASan catches a wrong length */
	bool right;

	out[size] = '#';
	right = chat_base64_check(text, len) == OK && chat_base64_decoded_size(text, len) == size &&
		chat_base64_decode(out, text, len) == size && memcmp(out, bytes, size) == 0 &&
		out[size] == '#';
	free(out);
	return right;
}

static bool
round_trip(const char *bytes, size_t size)
{
	size_t len = chat_base64_encoded_size(size), body;
	char *text = malloc(len + 1);
	bool right;

	text[len] = '#';
	right = chat_base64_encode(text, guard_copy(bytes, size), size) == len &&
		text[len] == '#' && chat_base64_canonical(text, len);
	right = right && decodes_to(guard_copy(text, len), len, bytes, size);
	for (body = len; body > 0 && text[body - 1] == '=';)
		body--;
	right = right && decodes_to(guard_copy(text, body), body, bytes, size);
	free(text);
	return right;
}

static void
test_round_trips(void)
{
	char bytes[1024];
	bool right = true;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 167 + (i >> 8));
	for (size_t size = 0; size <= 300; size++)
		right = right && round_trip(bytes, size);
	right = right && round_trip(bytes, sizeof(bytes));
	ok(right, "0 to 300 bytes there and back, padded and not");
	for (int byte = 0; byte < 256; byte++) {
		char all[3] = {(char)byte, (char)byte, (char)byte};

		right = right && round_trip(all, 1) && round_trip(all, 2) && round_trip(all, 3);
	}
	ok(right, "every byte at every place");
	is_int(chat_base64_encoded_size(0), 0, "nothing needs nothing");
	ok(chat_base64_encoded_size(3000000001) == 4000000004, "sizes past 32 bits");
}

/* Unused bits may have any value and do not change the decoded bytes. */
static void
test_loose_bits(void)
{
	ok(decodes_to("Zh", 2, "f", 1), "'Zh' is an f");
	ok(decodes_to("Zm9=", 4, "fo", 2), "'Zm9=' is fo");
}

int
main(void)
{
	test_check();
	test_alphabet();
	test_vectors();
	test_round_trips();
	test_loose_bits();
	return done();
}
