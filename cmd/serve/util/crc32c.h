#ifndef SERVE_UTIL_CRC32C_H
#define SERVE_UTIL_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli; RFC 3720, 12.1) of bytes, continued from crc, which begins as 0. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t len);

/* The same without the processor's instruction. */
uint32_t crc32c_portable(uint32_t crc, const void *bytes, size_t len);

#endif
