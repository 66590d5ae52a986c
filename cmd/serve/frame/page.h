#ifndef SERVE_FRAME_PAGE_H
#define SERVE_FRAME_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/frame/block.h"

/*
 * A page of a channel's past: one `history` message, made in two steps. First the messages are
 * looked at in their order, oldest first, to see how many of them it takes; then they are written.
 *
 * A page ends where a message's number passes a rounder one than others near the page's end (in
 * binary). So readers who begin at different places soon read the same pages, which are then made
 * once.
 */
#define PAGE_BYTES ((size_t)256 << 10) /* of the messages of a page, but for one that is larger */

struct page_plan {
	size_t limit_bytes;
	size_t bytes; /* of the messages seen, each with a comma */
	uint32_t count; /* of them */
	uint64_t last; /* number of the last */
	uint32_t cut; /* the best end is behind so many; 0: none yet */
	size_t cut_bytes; /* of those before it */
	unsigned roundness; /* of the best end */
	bool full; /* there is another message, and no room for it */
};

void page_plan_begin(struct page_plan *plan, size_t limit_bytes);

/*
 * The next message: its number and the bytes of its text. false: the page is full without it.
 * The first one is always taken.
 */
bool page_plan_take(struct page_plan *plan, uint64_t number, size_t text_bytes);

/* How many of those taken make the page: all, unless it is full. *bytes: of them, with commas. */
uint32_t page_plan_end(const struct page_plan *plan, size_t *bytes);

/* What a page says of itself behind its messages. */
enum page_complete {
	PAGE_SILENT, /* not an answer to `since`: says nothing of this */
	PAGE_COMPLETE,
	PAGE_INCOMPLETE /* messages are missing before the first of it, or in it */
};

struct page_writer {
	struct block *block;
	char *start, *at; /* of the payload */
	size_t most_bytes; /* of the payload */
};

/* text_bytes: of all messages that will be put, each with a comma, at least. */
void page_begin(struct page_writer *writer, size_t text_bytes);
void page_put(struct page_writer *writer, struct chat_span text);

/* The same with the file's data left out: `"data":"…"` lies there in the text. */
#define PAGE_OMITTED "\"omitted\":true"
void page_put_without_data(
	struct page_writer *writer, struct chat_span text, uint32_t data_at, uint32_t data_len);

/* A block of one frame. more: another page follows. */
struct block *page_end(struct page_writer *writer, enum page_complete complete, bool more);

/* It is given up. */
void page_abandon(struct page_writer *writer);

#endif
