#ifndef CHAT_BASE64_H
#define CHAT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Base64 with the standard alphabet (RFC 4648 section 4), without white space.
 * The lenient form, which the specification calls `format: byte`, has complete padding or none, and
 * its unused bits may have any value. The canonical form is padded to a multiple of four
 * characters, and its unused bits are zero.
 */
#define CHAT_BASE64_VALID ((size_t)-1)

/*
 * Checks the lenient form. Returns CHAT_BASE64_VALID, or the offset of the first wrong byte; len if
 * the text ends too early.
 */
size_t chat_base64_check(const char *text, size_t len);

/* Returns true if the text is in the canonical form. */
bool chat_base64_canonical(const char *text, size_t len);

/* Returns the decoded size of a text that chat_base64_check accepted. */
size_t chat_base64_decoded_size(const char *text, size_t len);

/*
 * Decodes a text that chat_base64_check accepted. out must have chat_base64_decoded_size() bytes,
 * and all of them are written. Returns their number.
 */
size_t chat_base64_decode(void *out, const char *text, size_t len);

/* Returns the length of the encoding of `size` bytes, with padding, without a NUL. */
size_t chat_base64_encoded_size(size_t size);

/*
 * Encodes with padding, without a NUL. out must have chat_base64_encoded_size() bytes. Returns the
 * number of characters written.
 */
size_t chat_base64_encode(char *out, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
