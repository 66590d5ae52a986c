#ifndef CHAT_UTF8_H
#define CHAT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
 */

/* Offset of the first byte of the first sequence that is not UTF-8, or len when all of it is. */
size_t chat_utf8_check(const char *bytes, size_t len);

/* Code points in valid UTF-8. */
size_t chat_utf8_count(const char *bytes, size_t len);

/*
 * The check in pieces, failing at the first byte that no continuation could mend.
 * Start with 0; CHAT_UTF8_REJECT never leaves; the text is complete while the state is 0.
 */
#define CHAT_UTF8_ACCEPT 0u
#define CHAT_UTF8_REJECT 1u
uint32_t chat_utf8_feed(uint32_t state, const char *bytes, size_t len);

/* The first code point of valid, non-empty UTF-8; *len gets its bytes (1..4). */
uint32_t chat_utf8_decode(const char *bytes, size_t *len);

/* Writes a code point as UTF-8; returns its bytes (1..4). */
size_t chat_utf8_encode(char bytes[4], uint32_t point);

/*
 * Whether a terminal could obey a code point or be misled by it: C0, DEL, C1, the line and
 * paragraph separators, bidirectional controls.
 */
bool chat_utf8_is_control(uint32_t point);

/*
 * Whether a code point shows nothing, or only changes how its neighbours look: those that Unicode
 * 16.0 calls Default_Ignorable_Code_Point or Cf, and blanks that it does not count as white space.
 * Two names that differ in them alone look the same.
 */
bool chat_utf8_is_invisible(uint32_t point);

#endif
