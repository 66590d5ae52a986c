#ifndef CHAT_BASE64_H
#define CHAT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Base64, standard alphabet (RFC 4648 section 4), no white space.
 * Lenient, as the specification's `format: byte` is read: padding is whole or absent, unused bits
 * are free; as a pattern, CHAT_BASE64_PATTERN. Canonical: padded to a multiple of four, unused bits
 * zero.
 */
#define CHAT_BASE64_PATTERN "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$"
#define CHAT_BASE64_VALID ((size_t)-1)

/*
 * Offset of the first byte that is wrong under the lenient reading, len where the end comes too
 * soon, CHAT_BASE64_VALID when all is well.
 */
size_t chat_base64_check(const char *text, size_t len);

bool chat_base64_canonical(const char *text, size_t len);

/* Bytes that text decodes to, which passed the check. */
size_t chat_base64_decoded_size(const char *text, size_t len);

/* Decodes text that passed the check into out (decoded_size bytes); returns the bytes written. */
size_t chat_base64_decode(void *out, const char *text, size_t len);

/* Characters that size bytes encode to, padding included, without a NUL. */
size_t chat_base64_encoded_size(size_t size);

/* Encodes, padded, without a NUL; returns the characters written. */
size_t chat_base64_encode(char *out, const void *bytes, size_t size);

#endif
