#ifndef SERVE_JOURNAL_SCAN_H
#define SERVE_JOURNAL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index.h"
#include "text/buf.h"

/*
 * Reading a whole segment, with every line compared with its checksum. The checksum of a line may
 * be missing, because it was not written yet or it is lost. Such a line is good if it is a valid
 * message in the form in which the server writes it, and does not follow a bad line at the end of
 * the checksums: checksums are written when their lines are synced, so the bad line and all after
 * it were not.
 */

/* The result for one line. */
enum scan_verdict {
	SCAN_GOOD,
	SCAN_TORN, /* no valid line, and its checksum does not match: half written, or zeros */
	SCAN_CHANGED /* a valid line with another checksum, or an invalid one with its own */
};

struct scan {
	uint64_t file_bytes;
	uint64_t good_bytes; /* the offset of the end of the last good line */
	uint64_t lines; /* the number of lines, bad ones included */
	uint64_t epoch; /* the epoch in the header; 0: there is no valid header */
	uint64_t damaged; /* the number of the first damaged line, from 1; 0: at most a torn tail */
	uint64_t unsummed; /* the number of good lines without a checksum */
	bool sums_missing; /* the file of checksums does not exist */
	bool sums_stale; /* the content of the file of checksums is not `sums` */
	struct chat_buf sums; /* the checksums of the good lines */
	struct journal_index index; /* the index of the good lines */
};

/* Called for every line, without its newline. The line is valid during the call. */
typedef void scan_on_line(void *arg, struct chat_span line, enum scan_verdict verdict);

/*
 * Scans a segment. on_line may be NULL. Returns 0, with results that scan_free frees; or -1 if a
 * file cannot be read or a line is too long, and then there is nothing to free.
 */
int segment_scan(struct scan *scan, int dir_fd, uint32_t number, scan_on_line *on_line, void *arg,
	struct chat_err *err);

/* Frees the results of a scan. */
void scan_free(struct scan *scan);

#endif
