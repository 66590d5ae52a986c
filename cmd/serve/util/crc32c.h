#ifndef SERVE_UTIL_CRC32C_H
#define SERVE_UTIL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * Returns the CRC-32C (Castagnoli; RFC 3720, 12.1) of the bytes. crc is 0, or the CRC of the bytes
 * before them.
 */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* Returns the same as crc32c(), computed without the processor's instruction. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len);

#endif
