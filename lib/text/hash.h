#ifndef CHAT_TEXT_HASH_H
#define CHAT_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"

/*
 * Hash tables whose keys others choose. Whoever knows the function can make keys that all fall
 * into one bucket, so the function has a secret: SipHash-2-4 under a key that every process draws
 * anew. Every table of this project is made with this header, which brings uthash.
 */

/* SipHash-2-4 of these bytes under this key of 16. */
uint64_t chat_siphash(const unsigned char key[16], const void *bytes, size_t len);

/* The same under the process's own key: two processes give two values, one always the same. */
uint64_t chat_hash(const void *bytes, size_t len);

#define HASH_FUNCTION(bytes, len, value) ((value) = (unsigned)chat_hash(bytes, len))

/* A table always grows: uthash would stop after two expansions that did not shorten the chains. */
#define uthash_noexpand_fyi(table) ((table)->noexpand = 0)

/* A table takes its memory as everything here does. */
#define uthash_malloc(size) chat_alloc(size)

#include <uthash.h>

#endif
