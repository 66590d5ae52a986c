#ifndef SERVE_FRAME_PAGE_H
#define SERVE_FRAME_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/frame/block.h"

/*
 * A page of a channel's past: one `history` message. It is made in two steps, from memory
 * (history_frame.c) or from the journal (journal/read_page.c). First a page_plan is given the
 * messages, oldest first, and decides how many of them make the page. Then a page_writer writes
 * them.
 *
 * Readers begin at different messages, but should soon share the same pages. Therefore a full page
 * is cut in its second half, before the number that is divisible by the highest power of two. So
 * readers that are near one another end their pages at the same message.
 */
#define PAGE_BYTES ((size_t)256 << 10) /* limit of the texts, unless a single one is longer */

struct page_plan {
	size_t limit_bytes;
	size_t bytes; /* of the texts that were added, each with a comma */
	uint32_t count; /* the number of messages that were added */
	uint64_t last; /* number of the last message that was added; valid if count is not 0 */
	uint32_t cut; /* how many messages are before the best end; 0: no end was found yet */
	size_t cut_bytes; /* length of their texts, each with a comma; valid if cut is not 0 */
	unsigned roundness; /* of the best end; valid if cut is not 0 */
	bool full; /* another message was refused */
};

void page_plan_begin(struct page_plan *plan, size_t limit_bytes);

/*
 * Adds the next message: its number, and the length of its text. Returns false, and does not add
 * it, if the page is full. The first message is always added.
 */
bool page_plan_take(struct page_plan *plan, uint64_t number, size_t text_bytes);

/*
 * Returns how many of the added messages make the page: all of them if no message was refused;
 * otherwise those before the best end, or all if there is none. *bytes gets the length of their
 * texts, each with a comma.
 */
uint32_t page_plan_end(const struct page_plan *plan, size_t *bytes);

/* The value of `complete` in the page. */
enum page_complete {
	PAGE_SILENT, /* the page has no `complete`, because it does not answer a `since` */
	PAGE_COMPLETE, /* true: no message is missing before the page or in it */
	PAGE_INCOMPLETE /* false: messages may be missing before the page or in it */
};

struct page_writer {
	struct block *block; /* one reference */
	char *start, *at; /* beginning of the payload; where the next byte is written */
	size_t most_bytes; /* limit of the payload */
};

/*
 * Begins a page. text_bytes: at least the length of all messages that will be put, each with a
 * comma.
 */
void page_writer_begin(struct page_writer *writer, size_t text_bytes);

/* Appends a message. */
void page_writer_put(struct page_writer *writer, struct chat_span text);

/*
 * Appends a message with PAGE_OMITTED instead of its file's data, `"data":"…"`, which is at this
 * offset of the text.
 */
#define PAGE_OMITTED "\"omitted\":true"
void page_writer_put_without_data(
	struct page_writer *writer, struct chat_span text, uint32_t data_at, uint32_t data_len);

/*
 * Ends the page. Returns its block, which contains one frame; the caller owns the only reference.
 * If `more` is true, the page says that another page follows.
 */
struct block *page_writer_end(struct page_writer *writer, enum page_complete complete, bool more);

/* Frees a page that was begun. Called instead of page_writer_end. */
void page_writer_abandon(struct page_writer *writer);

#endif
