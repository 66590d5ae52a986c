#ifndef SERVE_JOURNAL_SCAN_H
#define SERVE_JOURNAL_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index_file.h"
#include "serve/journal/journal.h"

/*
 * Reads a segment from its first byte to its last and holds every line against its checksum. A line
 * that has none (its checksum had not been written yet, or the file is missing) is believed if it
 * is a message in every respect, in the form in which the server writes it.
 */
enum scan_verdict {
	SCAN_GOOD,
	SCAN_TORN, /* not a line of a journal: half written, or zeros */
	SCAN_CHANGED /* it looks like one, but not like what was written */
};

struct scan {
	uint64_t file_bytes;
	uint64_t good_bytes; /* up to the end of the last good line */
	uint64_t lines;
	uint64_t epoch; /* of the header; 0: there is none */
	uint64_t damaged; /* the first damaged line, from 1; 0: none but a torn end */
	uint64_t unsummed; /* good lines that had no checksum */
	bool sums_missing; /* the file of them */
	bool sums_stale; /* they are not what they should be: see sums */
	struct chat_buf sums; /* of the good lines */
	struct journal_index index; /* of the good lines */
};

/* Sees every line, without its newline. */
typedef void scan_line(void *arg, struct chat_span line, enum scan_verdict verdict);

/* -1: the files could not be read. see may be NULL. */
int segment_scan(struct scan *scan, int dir_fd, uint32_t number, scan_line *see, void *arg,
	struct chat_err *err);
void scan_free(struct scan *scan);

/*
 * The index of a closed segment of so many bytes, for any thread: read, or made again from the
 * lines where it is missing, wrong or of an older form (which is said). -1 with CHAT_CANNOT_OPEN:
 * the segment is not there; CHAT_BAD_MESSAGE: the lines are damaged, or not so long.
 */
int index_open_or_rebuild(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/* Says that an index is wrong, and why. */
void index_warn(const struct journal *journal, uint32_t number, const struct chat_err *why);

/* The same, made again in any case: a place in it was wrong. The old one is closed by now. */
int index_rebuild(struct index_file *index, int dir_fd, uint32_t number, struct chat_err *err);

/* Opens it as it is. 1: it is to be made, and that it was wrong has been said. */
int index_open_if_valid(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

#endif
