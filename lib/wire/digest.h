#ifndef CHAT_WIRE_DIGEST_H
#define CHAT_WIRE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/span.h"

/* SHA-1, SHA-256, and the comparison of secrets. */
#define CHAT_SHA1_BYTES 20
#define CHAT_SHA256_BYTES 32

/*
 * For a program, at its start: from now on OpenSSL aborts the process, with a message, where there
 * is no memory. By itself it crashes. Returns -1 if it has allocated already, and goes on as it is.
 */
int chat_digest_need_memory(void);

void chat_sha1(unsigned char digest[CHAT_SHA1_BYTES], struct chat_span bytes);
void chat_sha256(unsigned char digest[CHAT_SHA256_BYTES], struct chat_span bytes);

/* Writes `size` bytes as 2 * size hexadecimal digits and a NUL. */
void chat_hex(char *to, const unsigned char *bytes, size_t size);

/* Returns true if the bytes are equal. The time of the comparison does not depend on the bytes. */
bool chat_digest_equal(const unsigned char *a, const unsigned char *b, size_t size);

#endif
