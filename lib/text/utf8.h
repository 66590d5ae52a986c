#ifndef CHAT_TEXT_UTF8_H
#define CHAT_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/utf8.h"

/* Code points; chat/utf8.h has the check of a whole text. */

/* Returns the number of code points in valid UTF-8. */
size_t chat_utf8_count(const char *bytes, size_t len);

/*
 * Checks a text in pieces. Returns the state after a piece; the caller passes it with the next
 * piece, and CHAT_UTF8_ACCEPT with the first. CHAT_UTF8_REJECT means that the text is invalid,
 * whatever follows; CHAT_UTF8_ACCEPT that the text is valid if it ends here.
 */
#define CHAT_UTF8_ACCEPT 0u
#define CHAT_UTF8_REJECT 1u
uint32_t chat_utf8_feed(uint32_t state, const char *bytes, size_t len);

/*
 * Returns the first code point of bytes, which must be valid UTF-8 and not empty; sets *len to its
 * length in bytes (1 to 4).
 */
uint32_t chat_utf8_decode(const char *bytes, size_t *len);

/* Writes a code point as UTF-8. Returns the number of bytes (1 to 4). */
size_t chat_utf8_encode(char bytes[4], uint32_t point);

/*
 * Returns true if a code point can control a terminal or change the order of text: C0, DEL, C1,
 * U+2028, U+2029, and the bidirectional controls.
 */
bool chat_utf8_is_control(uint32_t point);

/*
 * Returns true if a code point is invisible, or only changes how its neighbours look:
 * Unicode 16.0's Default_Ignorable_Code_Point and Cf, and blanks that are not White_Space. Two
 * names that differ only in such code points look the same.
 */
bool chat_utf8_is_invisible(uint32_t point);

#endif
