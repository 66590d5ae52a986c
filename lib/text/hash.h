#ifndef CHAT_TEXT_HASH_H
#define CHAT_TEXT_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"

/*
 * Hash tables (uthash) whose keys a peer may choose. If a peer could compute the hash, it could
 * make keys that all fall into one bucket; so the hash is SipHash-2-4 with a random key of the
 * process. Every hash table of this project is made with this header.
 */

/* Returns the SipHash-2-4 of these bytes with a key of 16 bytes. */
uint64_t chat_siphash(const unsigned char key[16], const void *bytes, size_t len);

/* The same with the key of this process: the value differs from process to process. */
uint64_t chat_hash(const void *bytes, size_t len);

#define HASH_FUNCTION(bytes, len, value) ((value) = (unsigned)chat_hash(bytes, len))

/* Lets a table always grow; uthash stops after two expansions that did not shorten the chains. */
#define uthash_noexpand_fyi(table) ((table)->noexpand = 0)

/* Allocates the memory of a table as all other memory; see buf.h. */
#define uthash_malloc(size) chat_alloc(size)

#include <uthash.h>

#endif
