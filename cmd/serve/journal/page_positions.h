#ifndef SERVE_JOURNAL_PAGE_POSITIONS_H
#define SERVE_JOURNAL_PAGE_POSITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/frame/page.h"
#include "serve/journal/state.h"

/* A page that is read (read_page.c): all its messages are of one segment. */
struct page_reading {
	uv_work_t work;
	struct disk_journal *disk;
	struct journal_page_read *read; /* the request, which gets the answer */

	struct {
		uint32_t number; /* 0: no segment has messages for the reader */
		uint64_t base, last; /* all its messages have numbers above base, up to last */
		uint64_t lines_bytes; /* size of its file; of a closed one */
		bool closed; /* it has an index file: the worker chooses the positions */
		struct cached_segment *cached; /* of a closed one; NULL: not open yet */
	} segment;
	uint64_t skip; /* so many of the channel's messages in it are hidden, the oldest ones */

	struct position *positions; /* of the messages that the page will have */
	uint32_t count, cap; /* of positions */
	size_t bytes; /* of their texts, with the commas between them */
	bool full; /* messages that would follow do not fit into the page */

	struct page_writer writer;
	uint32_t put; /* lines that are in the page so far */
	struct chat_err err; /* says what is wrong with the segment, if something is */
};

/*
 * Chooses the positions of a page in a segment without index file, on the loop. Returns false if it
 * has no message for the reader.
 */
bool page_choose_in_segment(struct page_reading *reading, const struct segment *segment);

/* The same, in the first segment of a list that has one. */
bool page_choose_in_list(struct page_reading *reading, const struct segment *segment);

/*
 * Chooses the positions of a page in reading->segment.cached, on a worker thread. Returns 0, or -1
 * with reading->err where the index file is damaged.
 */
int page_choose_in_file(struct page_reading *reading);

#endif
