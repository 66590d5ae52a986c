#ifndef SERVE_JOURNAL_CHECKSUMS_H
#define SERVE_JOURNAL_CHECKSUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "text/buf.h"

/* ---- one record ---- */

#define CHECKSUM_LEN 18 /* the bytes of a record, newline included */

/*
 * Formats the record of a line. crc: the CRC-32C of the line with its newline. end: the offset at
 * which the line ends, newline included.
 */
void checksum_write(char sum[CHECKSUM_LEN], uint32_t crc, uint64_t end);

/* Parses a record. Returns false if its form is wrong. */
bool checksum_read(const char sum[CHECKSUM_LEN], uint32_t *crc, uint64_t *end);

/* ---- the file of a segment ---- */

/* The checksums of a segment. They are compared with its lines from the first line on. */
struct checksums {
	struct chat_buf buf; /* the content of the file */
	size_t next, count; /* the index of the next record to compare; the number of records */
	bool in_hole; /* there are invalid records before the next one */
	bool missing; /* the file does not exist */
	bool stale; /* the file is longer than the file of lines, so it has records of no line */
};

enum checksum_result {
	CHECKSUM_EQUAL,
	CHECKSUM_DIFFERS,
	CHECKSUM_NONE, /* no record is left for this line or a later one */
	CHECKSUM_HOLE /* its record is not valid */
};

/*
 * Reads the file. lines_bytes: the size of the file of lines. A missing file counts as empty.
 * Returns 0, or -1 if the file cannot be read. The caller frees sums->buf in both cases.
 */
int checksums_load(struct checksums *sums, int dir_fd, uint32_t number, uint64_t lines_bytes,
	struct chat_err *err);

/*
 * Compares the line in [from, end) of the segment, newline included, with its record. Lines must be
 * compared in their order.
 */
enum checksum_result checksums_compare(
	struct checksums *sums, uint64_t from, uint64_t end, uint32_t crc);

#endif
