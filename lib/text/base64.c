/*
 * Base64 for file messages: every `file.data` received is checked; a file is decoded when it is
 * saved, and encoded when it is sent.
 */
#include "chat/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of each character plus one; 0 if the character is not in the alphabet. */
/* clang-format off */
static const unsigned char values[256] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 0, 64,
	53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0, 0, 0, 0, 0, 0,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0, 0, 0, 0, 0,
	0, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
};
/* clang-format on */

static uint32_t
value_of(char character)
{
	return values[(unsigned char)character] - 1u;
}

/* Returns the number of characters of the alphabet at the front. */
static size_t
alphabet_run(const char *text, size_t len)
{
	size_t at = 0;

	while (at < len && values[(unsigned char)text[at]])
		at++;
	return at;
}

static size_t
without_padding(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == '=')
		len--;
	return len;
}

size_t
chat_base64_check(const char *text, size_t len)
{
	size_t body = alphabet_run(text, len);
	size_t end = (body + 3) / 4 * 4; /* including padding */

	if (body == len)
		return body % 4 == 1 ? len : CHAT_BASE64_VALID;
	if (body % 4 < 2)
		return body;
	for (size_t at = body; at < end && at < len; at++)
		if (text[at] != '=')
			return at;
	if (len == end)
		return CHAT_BASE64_VALID;
	return len < end ? len : end;
}

bool
chat_base64_canonical(const char *text, size_t len)
{
	size_t body = without_padding(text, len);

	if (len % 4 != 0 || chat_base64_check(text, len) != CHAT_BASE64_VALID)
		return false;
	switch (body % 4) {
	case 2:
		return (value_of(text[body - 1]) & 0x0F) == 0;
	case 3:
		return (value_of(text[body - 1]) & 0x03) == 0;
	default:
		return true;
	}
}

size_t
chat_base64_decoded_size(const char *text, size_t len)
{
	size_t body = without_padding(text, len);

	return body / 4 * 3 + body % 4 * 3 / 4;
}

size_t
chat_base64_decode(void *out, const char *text, size_t len)
{
	size_t body = without_padding(text, len), at;
	unsigned char *to = out;
	uint32_t bits;

	for (at = 0; body - at >= 4; at += 4) {
		bits = value_of(text[at]) << 18 | value_of(text[at + 1]) << 12 |
			value_of(text[at + 2]) << 6 | value_of(text[at + 3]);
		*to++ = (unsigned char)(bits >> 16);
		*to++ = (unsigned char)(bits >> 8);
		*to++ = (unsigned char)bits;
	}
	if (body - at >= 2) {
		bits = value_of(text[at]) << 18 | value_of(text[at + 1]) << 12;
		*to++ = (unsigned char)(bits >> 16);
		if (body - at == 3) {
			bits |= value_of(text[at + 2]) << 6;
			*to++ = (unsigned char)(bits >> 8);
		}
	}
	return (size_t)(to - (unsigned char *)out);
}

size_t
chat_base64_encoded_size(size_t size)
{
	return (size / 3 + (size % 3 != 0)) * 4;
}

size_t
chat_base64_encode(char *out, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	char *to = out;
	uint32_t bits;

	for (; size >= 3; size -= 3, from += 3) {
		bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 0x3F];
		*to++ = alphabet[bits >> 6 & 0x3F];
		*to++ = alphabet[bits & 0x3F];
	}
	if (size > 0) {
		bits = (uint32_t)from[0] << 16 | (size == 2 ? (uint32_t)from[1] << 8 : 0);
		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 0x3F];
		*to++ = size == 2 ? alphabet[bits >> 6 & 0x3F] : '=';
		*to++ = '=';
	}
	return (size_t)(to - out);
}
