#ifndef SERVE_JOURNAL_SEGMENT_CACHE_H
#define SERVE_JOURNAL_SEGMENT_CACHE_H

#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_file.h"
#include "serve/journal/journal.h"

/* A closed segment that is open for reading, by one thread at a time. */
struct cached_segment {
	struct cached_segment *next, *prev; /* in cache->oldest */
	uint32_t number;
	int fd; /* its file of lines */
	struct index_file index;
};

/*
 * Closed segments that stay open, because the next page of a reader is probably in the same
 * segment. Only the loop's thread uses the cache. A worker uses only segments that were removed
 * from it.
 */
struct segment_cache {
	struct cached_segment *oldest; /* utlist; the segment that was added first is the first */
	uint32_t count;
};

#define SEGMENT_CACHE_MAX 8 /* the most segments in the cache */

/*
 * Removes a segment from the cache and returns it. Returns NULL if it is not in the cache. The
 * caller owns the result.
 */
struct cached_segment *segment_cache_take(struct segment_cache *cache, uint32_t number);

/* Adds a segment to the cache, which then owns it. Closes the oldest if there are too many. */
void segment_cache_put(struct segment_cache *cache, struct cached_segment *segment);

/* Closes all segments in the cache. */
void segment_cache_free(struct segment_cache *cache);

/*
 * Opens a closed segment; makes its index again if needed. lines_bytes: the size of its file of
 * lines. May be called on any thread. Returns NULL with CHAT_CANNOT_OPEN if the segment was
 * removed, or with another code if it cannot be read. cached_segment_close closes the result.
 */
struct cached_segment *cached_segment_open(const struct journal *journal, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err);

/* Closes and frees a segment, which must not be in the cache. */
void cached_segment_close(struct cached_segment *segment);

/*
 * Makes the index of a segment again, which was found to be wrong. *err must describe that, and is
 * reported. Returns 0; or -1 with *err set to a new error, and then the index is closed.
 */
int cached_segment_rebuild_index(const struct journal *journal, struct cached_segment *segment,
	int dir_fd, struct chat_err *err);

#endif
