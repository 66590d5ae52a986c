#ifndef CHAT_WIRE_RANDOM_H
#define CHAT_WIRE_RANDOM_H

#include <stddef.h>

#define CHAT_RANDOM_MAX 256 /* bytes that the kernel gives all at once (getrandom(2)) */

/* Fills memory with size random bytes, at most CHAT_RANDOM_MAX; aborts the process if that fails.
 */
void chat_random(void *bytes, size_t size);

#endif
