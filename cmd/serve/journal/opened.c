/* What is read again and again is opened, and the front of its index checked, once. */
#include "serve/journal/opened.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/journal/scan.h"
#include "serve/journal/segment.h"

void
open_segment_free(struct open_segment *segment)
{
	if (segment->fd >= 0)
		close(segment->fd);
	index_file_close(&segment->index);
	free(segment);
}

static void
open_segments_remove(struct open_segments *segments, struct open_segment *segment)
{
	DL_DELETE(segments->oldest, segment);
	segments->count--;
}

void
open_segments_free(struct open_segments *segments)
{
	while (segments->oldest) {
		struct open_segment *segment = segments->oldest;

		open_segments_remove(segments, segment);
		open_segment_free(segment);
	}
}

struct open_segment *
open_segments_take(struct open_segments *segments, uint32_t number)
{
	struct open_segment *segment;

	DL_SEARCH_SCALAR(segments->oldest, segment, number, number);
	if (segment)
		open_segments_remove(segments, segment);
	return segment;
}

void
open_segments_put(struct open_segments *segments, struct open_segment *segment)
{
	struct open_segment *oldest = segments->oldest;

	DL_APPEND(segments->oldest, segment);
	if (++segments->count <= OPENED_MOST)
		return;
	open_segments_remove(segments, oldest);
	open_segment_free(oldest);
}

struct open_segment *
open_segment_new(const struct journal *journal, int dir_fd, uint32_t number, uint64_t lines_bytes,
	struct chat_err *err)
{
	struct open_segment *segment = chat_alloc_zeroed(1, sizeof(*segment));

	segment->number = number;
	segment->index.fd = -1;
	segment->fd = segment_file_open(dir_fd, number, SEGMENT_LINES, O_RDONLY, err);
	if (segment->fd >= 0 &&
		segment_index_open(journal, &segment->index, dir_fd, number, lines_bytes, err) == 0)
		return segment;
	open_segment_free(segment);
	return NULL;
}

int
open_segment_mend(const struct journal *journal, struct open_segment *segment, int dir_fd,
	struct chat_err *err)
{
	segment_index_doubt(journal, segment->number, err);
	index_file_close(&segment->index);
	return segment_index_remake(&segment->index, dir_fd, segment->number, err);
}
