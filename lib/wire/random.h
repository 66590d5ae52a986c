#ifndef CHAT_WIRE_RANDOM_H
#define CHAT_WIRE_RANDOM_H

#include <stddef.h>

#define CHAT_RANDOM_MAX 256 /* getrandom(2) always returns this number of bytes at once */

/* Writes size random bytes, at most CHAT_RANDOM_MAX; aborts the process, and says why, if
 * the kernel has none. */
void chat_random(void *bytes, size_t size);

#endif
