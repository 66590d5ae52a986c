#ifndef CHAT_TEXT_HASH_H
#define CHAT_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "text/buf.h"

/*
 * Hash tables (uthash) with keys that a peer may choose. A peer that can compute the hash could
 * choose keys for one bucket only; so the hash is SipHash-2-4 with a random key of the process.
 * Every hash table of this project uses this header.
 */

/* Returns the SipHash-2-4 of these bytes with a key of 16 bytes. */
uint64_t chat_siphash(const unsigned char key[16], const void *bytes, size_t len);

/* Returns the SipHash-2-4 with the key of this process; other processes get another value. */
uint64_t chat_hash(const void *bytes, size_t len);

#define HASH_FUNCTION(bytes, len, value) ((value) = (unsigned)chat_hash(bytes, len))

/* Lets a table always grow. uthash alone would stop after two expansions that did not shorten the
 * chains. */
#define uthash_noexpand_fyi(table) ((table)->noexpand = 0)

/* If there is no memory for a table, the process aborts; see buf.h. */
#define uthash_malloc(size) chat_alloc(size)

#include <uthash.h>

#endif
