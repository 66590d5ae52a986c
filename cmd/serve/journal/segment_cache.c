/*
 * Keeps some segments open: to open one, two files must be opened and the front of its index
 * checked.
 */
#include "serve/journal/segment_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "serve/journal/index_rebuild.h"
#include "serve/journal/segment.h"
#include "text/buf.h"

void
cached_segment_close(struct cached_segment *segment)
{
	if (segment->fd >= 0)
		close(segment->fd);
	index_file_close(&segment->index);
	free(segment);
}

static void
cache_remove(struct segment_cache *cache, struct cached_segment *segment)
{
	DL_DELETE(cache->oldest, segment);
	cache->count--;
}

void
segment_cache_free(struct segment_cache *cache)
{
	while (cache->oldest) {
		struct cached_segment *segment = cache->oldest;

		cache_remove(cache, segment);
		cached_segment_close(segment);
	}
}

struct cached_segment *
segment_cache_take(struct segment_cache *cache, uint32_t number)
{
	struct cached_segment *segment;

	DL_SEARCH_SCALAR(cache->oldest, segment, number, number);
	if (segment)
		cache_remove(cache, segment);
	return segment;
}

void
segment_cache_put(struct segment_cache *cache, struct cached_segment *segment)
{
	struct cached_segment *oldest = cache->oldest;

	DL_APPEND(cache->oldest, segment);
	if (++cache->count <= SEGMENT_CACHE_MAX)
		return;
	cache_remove(cache, oldest);
	cached_segment_close(oldest);
}

struct cached_segment *
cached_segment_open(const struct journal *journal, int dir_fd, uint32_t number,
	uint64_t lines_bytes, struct chat_err *err)
{
	struct cached_segment *segment = chat_alloc_zeroed(1, sizeof(*segment));

	segment->number = number;
	segment->index.fd = -1;
	segment->fd = segment_file_open(dir_fd, number, SEGMENT_LINES, O_RDONLY, err);
	if (segment->fd >= 0 &&
		index_open_or_rebuild(journal, &segment->index, dir_fd, number, lines_bytes, err) ==
			0)
		return segment;
	cached_segment_close(segment);
	return NULL;
}

int
cached_segment_rebuild_index(const struct journal *journal, struct cached_segment *segment,
	int dir_fd, struct chat_err *err)
{
	index_report_wrong(journal, segment->number, err);
	index_file_close(&segment->index);
	return index_rebuild(&segment->index, dir_fd, segment->number, err);
}
