#ifndef SERVE_JOURNAL_OPENED_H
#define SERVE_JOURNAL_OPENED_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_file.h"
#include "serve/journal/journal.h"

/*
 * Closed segments that are open for reading: the next page of a reader is most likely in the
 * segment of its last one. Each is used by one thread at a time; they are taken and put back on the
 * loop.
 */
struct open_segment {
	struct open_segment *next, *prev; /* as they were used */
	uint32_t number;
	int fd; /* of its lines */
	struct index_file index;
};

struct open_segments {
	struct open_segment *oldest; /* utlist: those that nobody uses */
	uint32_t count;
};

#define OPENED_MOST 8 /* that nobody uses */

/* Closes all. */
void open_segments_free(struct open_segments *segments);

/* Takes one out; NULL: it is not there. */
struct open_segment *open_segments_take(struct open_segments *segments, uint32_t number);

/* Puts one in; the one that was not used for longest may go for it. */
void open_segments_put(struct open_segments *segments, struct open_segment *segment);

/*
 * Opens a segment of so many bytes, on any thread. NULL: cannot_open, it is not there (any more);
 * another word, it cannot be read.
 */
struct open_segment *open_segment_new(const struct journal *journal, int dir_fd, uint32_t number,
	uint64_t lines_bytes, struct chat_err *err);
void open_segment_free(struct open_segment *segment);

/* Its index turned out to be wrong, as err says: it is made again. -1: it cannot be read. */
int open_segment_mend(const struct journal *journal, struct open_segment *segment, int dir_fd,
	struct chat_err *err);

#endif
