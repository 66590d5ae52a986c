#ifndef CHAT_UTF8_H
#define CHAT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"

/*
 * Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
 */

/* Returns the offset of the first sequence that is not valid UTF-8, or len if all of it is valid.
 */
size_t chat_utf8_check(const char *bytes, size_t len);

/* Returns the number of code points in valid UTF-8. */
size_t chat_utf8_count(const char *bytes, size_t len);

/*
 * Checks a text in pieces. Returns the state after a piece, to be passed with the next one; the
 * first state is CHAT_UTF8_ACCEPT. CHAT_UTF8_REJECT means that the text is invalid whatever
 * follows; CHAT_UTF8_ACCEPT that it is valid if it ends here.
 */
#define CHAT_UTF8_ACCEPT 0u
#define CHAT_UTF8_REJECT 1u
uint32_t chat_utf8_feed(uint32_t state, const char *bytes, size_t len);

/* Returns the first code point of valid, non-empty UTF-8; *len gets its length in bytes (1 to 4).
 */
uint32_t chat_utf8_decode(const char *bytes, size_t *len);

/* Writes a code point as UTF-8. Returns its length in bytes (1 to 4). */
size_t chat_utf8_encode(char bytes[4], uint32_t point);

/*
 * Returns true if a code point can control a terminal or change the order of text: C0, DEL, C1, the
 * line and paragraph separators, bidirectional controls.
 */
bool chat_utf8_is_control(uint32_t point);

/*
 * Returns true if a code point is invisible, or only changes how its neighbours look:
 * Unicode 16.0's Default_Ignorable_Code_Point and Cf, and blanks that are not White_Space. Two
 * names that differ only in such code points look the same.
 */
bool chat_utf8_is_invisible(uint32_t point);

#endif
