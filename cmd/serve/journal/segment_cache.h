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
struct cached_segment {
	struct cached_segment *next, *prev; /* as they were used */
	uint32_t number;
	int fd; /* of its lines */
	struct index_file index;
};

struct segment_cache {
	struct cached_segment *oldest; /* utlist: those that nobody uses */
	uint32_t count;
};

#define SEGMENT_CACHE_MAX 8 /* that nobody uses */

/* Closes all. */
void segment_cache_free(struct segment_cache *cache);

/* Takes one out; NULL: it is not there. */
struct cached_segment *segment_cache_take(struct segment_cache *cache, uint32_t number);

/* Puts one in; the one that was not used for longest may go for it. */
void segment_cache_put(struct segment_cache *cache, struct cached_segment *segment);

/*
 * Opens a segment of so many bytes, on any thread. NULL: cannot_open, it is not there (any more);
 * another word, it cannot be read.
 */
struct cached_segment *cached_segment_open(const struct journal *journal, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);
void cached_segment_close(struct cached_segment *segment);

/* Its index turned out to be wrong, as err says: it is made again. -1: it cannot be read. */
int cached_segment_rebuild_index(const struct journal *journal, struct cached_segment *segment,
	int dir_fd, struct chat_err *err);

#endif
