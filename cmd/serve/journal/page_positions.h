#ifndef SERVE_JOURNAL_PAGE_POSITIONS_H
#define SERVE_JOURNAL_PAGE_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/frame/page.h"
#include "serve/journal/state.h"

/* A page that is being read (read_page.c). All its messages are in one segment. */
struct page_reading {
	uv_work_t work;
	struct disk_journal *disk;
	struct journal_page_read *read; /* the request, which gets the result */

	struct {
		uint32_t number; /* 0: no messages for the reader; the rest is not valid */
		uint64_t base, last; /* its messages have numbers above base, up to last */
		uint64_t lines_bytes; /* the size of its file of lines; valid if `closed` */
		bool closed; /* it has an index file, in which the worker chooses positions */
		struct cached_segment *cached; /* NULL: not closed, or not open yet */
	} segment;
	uint64_t skip; /* the number of the channel's oldest messages in it that are hidden */

	struct position *positions; /* the chosen messages */
	uint32_t count, cap; /* members of `positions` */
	size_t bytes; /* the bytes of their texts, with the commas between them */
	bool full; /* the next message did not fit into the page */

	struct page_writer writer;
	uint32_t put; /* the number of lines in the page */
	struct chat_err err; /* valid if its code is not CHAT_OK: the segment is wrong */
};

/*
 * Chooses the positions of a page in a segment without an index file. Called on the loop's thread.
 * Returns false if the segment has no message for the reader.
 */
bool page_choose_in_segment(struct page_reading *reading, const struct segment *segment);

/* As page_choose_in_segment, in the first segment of a list that has a message for the reader. */
bool page_choose_in_list(struct page_reading *reading, const struct segment *segment);

/*
 * Chooses the positions of a page in reading->segment.cached. Called on a worker thread. Returns 0,
 * or -1 with reading->err if the index file is damaged.
 */
int page_choose_in_file(struct page_reading *reading);

#endif
