#ifndef FUZZ_INDEX_H
#define FUZZ_INDEX_H

#include <string.h>

#include "serve/journal/index_file.h"
#include "serve/util/crc32c.h"
#include "text/buf.h"

/* Makes every checksum of an index file right, as far as the file is long enough. */
static inline void
index_fix_checksums(struct chat_buf *bytes)
{
	struct index_head head;
	uint64_t front, blocks;

	if (bytes->len < sizeof(head))
		return;
	memcpy(&head, bytes->at, sizeof(head));
	blocks = (head.positions + (uint64_t)INDEX_BLOCK - 1) / INDEX_BLOCK;
	front = sizeof(head) + head.epochs * (uint64_t)sizeof(struct epoch) +
		head.channels * (uint64_t)sizeof(struct index_channel) + blocks * sizeof(uint32_t);
	if (front > bytes->len)
		return;
	for (uint64_t i = 0; i < blocks; i++) {
		uint64_t at = front + i * INDEX_BLOCK * sizeof(struct position), len;
		uint32_t crc;

		if (at >= bytes->len)
			break;
		len = bytes->len - at;
		if (len > INDEX_BLOCK * sizeof(struct position))
			len = INDEX_BLOCK * sizeof(struct position);
		crc = crc32c(0, bytes->at + at, (size_t)len);
		memcpy(bytes->at + front - (blocks - i) * sizeof(crc), &crc, sizeof(crc));
	}
	head.crc = 0;
	memcpy(bytes->at, &head, sizeof(head));
	head.crc = crc32c(0, bytes->at, (size_t)front);
	memcpy(bytes->at, &head, sizeof(head));
}

#endif
