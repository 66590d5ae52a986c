#ifndef SERVE_JOURNAL_CHECKSUMS_H
#define SERVE_JOURNAL_CHECKSUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"

/* ---- one record ---- */

#define CHECKSUM_LEN 18 /* bytes */

/* Formats the record of a line: the CRC-32C of the line with its newline, and where it ends. */
void checksum_write(char sum[CHECKSUM_LEN], uint32_t crc, uint64_t end);

/* Parses a record. Returns false if it has another form. */
bool checksum_read(const char sum[CHECKSUM_LEN], uint32_t *crc, uint64_t *end);

/* ---- the file of a segment ---- */

/* The checksums of a segment, compared with its lines from the first one on. */
struct checksums {
	struct chat_buf buf; /* the file */
	size_t next, count; /* records: the next one to be compared, and all that are valid */
	bool missing; /* there is no file */
	bool stale; /* the file is longer than the lines, so it cannot be theirs alone */
};

enum checksum_result {
	CHECKSUM_EQUAL,
	CHECKSUM_DIFFERS,
	CHECKSUM_NONE /* no record is left that could be of this line or of a later one */
};

/*
 * Reads the file. lines_bytes: the size of the file of lines. A missing file counts as an empty
 * one. Returns 0, or -1 if it cannot be read. The caller frees sums->buf in any case.
 */
int checksums_load(struct checksums *sums, int dir_fd, uint32_t number, uint64_t lines_bytes,
	struct chat_err *err);

/* Compares the line that lies in [from, end) of the segment, newline included, with its record. */
enum checksum_result checksums_compare(
	struct checksums *sums, uint64_t from, uint64_t end, uint32_t crc);

#endif
