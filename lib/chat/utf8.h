#ifndef CHAT_UTF8_H
#define CHAT_UTF8_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Returns the offset of the first sequence that is not valid UTF-8, or len if all of it is valid.
 * Strict (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
 */
size_t chat_utf8_check(const char *bytes, size_t len);

#ifdef __cplusplus
}
#endif

#endif
