#ifndef CHAT_BASE64_H
#define CHAT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Base64 with the standard alphabet (RFC 4648 section 4), without white space.
 * The lenient form, used for the specification's `format: byte`, has complete padding or none, and
 * any unused bits; CHAT_BASE64_PATTERN is the same as a pattern. The canonical form is padded to a
 * multiple of four, and its unused bits are zero.
 */
#define CHAT_BASE64_PATTERN "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$"
#define CHAT_BASE64_VALID ((size_t)-1)

/*
 * Checks the lenient form. Returns the offset of the first wrong byte, len if the end is missing,
 * or CHAT_BASE64_VALID.
 */
size_t chat_base64_check(const char *text, size_t len);

bool chat_base64_canonical(const char *text, size_t len);

/* Returns the decoded size of text that passed the check. */
size_t chat_base64_decoded_size(const char *text, size_t len);

/* Decodes text that passed the check into out (decoded_size bytes); returns the bytes written. */
size_t chat_base64_decode(void *out, const char *text, size_t len);

/* Returns the length of the encoding of `size` bytes, with padding, without a NUL. */
size_t chat_base64_encoded_size(size_t size);

/* Encodes with padding, without a NUL; returns the characters written. */
size_t chat_base64_encode(char *out, const void *bytes, size_t size);

#endif
