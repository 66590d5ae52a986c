#ifndef SERVE_FRAME_PAGE_H
#define SERVE_FRAME_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/frame/block.h"

/*
 * A page of a channel's past: one `history` message. It is made in two steps, from memory
 * (history.c) or from the journal (journal/read_page.c). A page_plan sees the messages in their
 * order, oldest first, and tells how many of them make the page. A page_writer then writes them.
 *
 * Readers begin at different messages. So that they soon share the same pages, a page does not end
 * where it is full. It ends in its second half, where the numbers of the messages pass the multiple
 * of the highest power of two: readers who are near one another end at the same message.
 */
#define PAGE_BYTES ((size_t)256 << 10) /* of the messages, unless a single one is longer */

struct page_plan {
	size_t limit_bytes;
	size_t bytes; /* of the messages taken, each with a comma */
	uint32_t count; /* of the messages taken */
	uint64_t last; /* number of the last of them */
	uint32_t cut; /* how many messages are before the best end; 0: there is none yet */
	size_t cut_bytes; /* of those messages; valid if cut is not 0 */
	unsigned roundness; /* of the best end; valid if cut is not 0 */
	bool full; /* another message was refused */
};

void page_plan_begin(struct page_plan *plan, size_t limit_bytes);

/*
 * Takes the next message, with its number and the length of its text. Returns false if the page is
 * full without it. The first message is always taken.
 */
bool page_plan_take(struct page_plan *plan, uint64_t number, size_t text_bytes);

/*
 * Returns how many of the messages taken make the page: all of them, unless it is full. *bytes gets
 * the length of their texts, each with a comma.
 */
uint32_t page_plan_end(const struct page_plan *plan, size_t *bytes);

/* The value of `complete` in the page. */
enum page_complete {
	PAGE_SILENT, /* there is none: the page is no answer to `since` */
	PAGE_COMPLETE, /* true */
	PAGE_INCOMPLETE /* false: messages are missing before the first one of the page, or in it */
};

struct page_writer {
	struct block *block; /* one reference */
	char *start, *at; /* the payload's beginning, and where it goes on */
	size_t most_bytes; /* of the payload */
};

/* Begins a page. text_bytes: of all messages that will be put, each with a comma, or more. */
void page_writer_begin(struct page_writer *writer, size_t text_bytes);

/* Appends a message. */
void page_writer_put(struct page_writer *writer, struct chat_span text);

/* Appends a message without its file's data, `"data":"…"` at this offset of the text. */
#define PAGE_OMITTED "\"omitted\":true"
void page_writer_put_without_data(
	struct page_writer *writer, struct chat_span text, uint32_t data_at, uint32_t data_len);

/*
 * Ends the page. Returns its block, of one frame, whose reference is the caller's. more: the page
 * says that another one follows.
 */
struct block *page_writer_end(struct page_writer *writer, enum page_complete complete, bool more);

/* Frees a page that was begun, instead of page_writer_end. */
void page_writer_abandon(struct page_writer *writer);

#endif
