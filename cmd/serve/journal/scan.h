#ifndef SERVE_JOURNAL_SCAN_H
#define SERVE_JOURNAL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index.h"

/*
 * Reads a segment from its first byte to its last and compares every line with its checksum. A line
 * without one (it was not written yet, or the file is missing) counts as good if it is a message by
 * every rule, in the form in which the server writes it.
 */
enum scan_verdict {
	SCAN_GOOD,
	SCAN_TORN, /* not a line of a journal: half written, or zeros */
	SCAN_CHANGED /* a line of a journal that differs from what was written */
};

struct scan {
	uint64_t file_bytes;
	uint64_t good_bytes; /* up to the end of the last good line */
	uint64_t lines; /* all of them, also bad ones */
	uint64_t epoch; /* of the header; 0: there is no header */
	uint64_t damaged; /* number of the first damaged line, from 1; 0: at most a torn tail */
	uint64_t unsummed; /* good lines that had no checksum */
	bool sums_missing; /* the file of checksums is missing */
	bool sums_stale; /* the file of checksums is not what `sums` is */
	struct chat_buf sums; /* checksums of the good lines */
	struct journal_index index; /* of the good lines */
};

/* Called for every line, without its newline, with its verdict. */
typedef void scan_on_line(void *arg, struct chat_span line, enum scan_verdict verdict);

/*
 * Scans a segment. on_line may be NULL. Returns 0, with results that the caller frees; -1 if a file
 * could not be read, with nothing to free.
 */
int segment_scan(struct scan *scan, int dir_fd, uint32_t number, scan_on_line *on_line, void *arg,
	struct chat_err *err);

/* Frees the results of a scan. */
void scan_free(struct scan *scan);

#endif
