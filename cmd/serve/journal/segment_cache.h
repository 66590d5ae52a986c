#ifndef SERVE_JOURNAL_SEGMENT_CACHE_H
#define SERVE_JOURNAL_SEGMENT_CACHE_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_file.h"
#include "serve/journal/journal.h"

/* A closed segment that is open for reading, by one thread at a time. */
struct cached_segment {
	struct cached_segment *next, *prev; /* in the cache */
	uint32_t number;
	int fd; /* of its lines */
	struct index_file index;
};

/*
 * Closed segments that stay open, because the next page of a reader is most likely in the segment
 * of its last one. Only the loop uses the cache; what a worker uses was taken out of it.
 */
struct segment_cache {
	struct cached_segment *oldest; /* utlist, in the order in which they were used */
	uint32_t count;
};

#define SEGMENT_CACHE_MAX 8 /* segments in the cache */

/* Takes a segment out of the cache. Returns NULL if it is not there. The caller owns the result. */
struct cached_segment *segment_cache_take(struct segment_cache *cache, uint32_t number);

/* Puts a segment into the cache, which owns it then; closes the oldest if there are too many. */
void segment_cache_put(struct segment_cache *cache, struct cached_segment *segment);

/* Closes all segments in the cache. */
void segment_cache_free(struct segment_cache *cache);

/*
 * Opens a segment whose lines have so many bytes, on any thread; makes its index again if need be.
 * Returns NULL with CHAT_CANNOT_OPEN if it was removed, or with another code if it cannot be read.
 * cached_segment_close closes the result.
 */
struct cached_segment *cached_segment_open(const struct journal *journal, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/* Closes a segment that is not in the cache. */
void cached_segment_close(struct cached_segment *segment);

/*
 * Makes the index again, which turned out to be wrong; *err says in which way, and is reported.
 * Returns 0, or -1 with *err if the segment cannot be read.
 */
int cached_segment_rebuild_index(const struct journal *journal, struct cached_segment *segment,
	int dir_fd, struct chat_err *err);

#endif
