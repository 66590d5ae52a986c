/*
 * Reads of the past for the loops that do not own the files. A read goes to the owner as a letter,
 * with a copy of what is asked, and the letter comes back with the result.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/frame/block.h"
#include "serve/journal/shared_private.h"

/* ---- on the loop of the part ---- */

static void
read_post(struct journal *journal, enum part_letter_kind kind, struct shared_read *read)
{
	struct journal_part *part = (struct journal_part *)journal;

	read->head.kind = kind;
	read->head.letter.bytes = sizeof(*read);
	read->part = part;
	DL_APPEND(part->reads, read);
	mailbox_post(&part->shared->inbox, &read->head.letter);
}

static void on_page_read(struct journal_page_read *page);
static void on_newest_read(struct journal_newest_read *newest);

void
shared_read_page(struct journal *journal, struct journal_page_read *asked)
{
	struct shared_read *read = chat_alloc_zeroed(1, sizeof(*read));

	read->asked = asked;
	read->page = *asked;
	read->page.done = on_page_read;
	read_post(journal, PART_PAGE, read);
}

void
shared_read_newest(struct journal *journal, struct journal_newest_read *asked)
{
	struct shared_read *read = chat_alloc_zeroed(1, sizeof(*read));

	read->asked = asked;
	read->newest = *asked;
	read->newest.done = on_newest_read;
	read_post(journal, PART_NEWEST, read);
}

/* Sets the result: no message was found. */
static void
read_set_empty(struct shared_read *read)
{
	read->page.page = NULL;
	read->page.complete = false;
	read->page.end = read->page.upto;
	read->page.read_bytes = 0;
	read->newest.found = (struct history){0};
	read->newest.removed = 0;
}

/* Hands the result to the caller, which has the structure `asked`. */
static void
read_hand_over(const struct shared_read *read, void *asked)
{
	if (read->head.kind == PART_PAGE) {
		struct journal_page_read *page = asked;

		page->page = read->page.page;
		page->end = read->page.end;
		page->complete = read->page.complete;
		page->read_bytes = read->page.read_bytes;
		page->done(page);
	} else {
		struct journal_newest_read *newest = asked;

		newest->found = read->newest.found;
		newest->removed = read->newest.removed;
		newest->done(newest);
	}
}

void
shared_read_end(struct shared_read *read)
{
	DL_DELETE(read->part->reads, read);
	read_hand_over(read, read->asked);
	free(read);
}

void
shared_reads_abandon(struct journal_part *part)
{
	struct shared_read *read;

	while ((read = part->reads)) {
		struct shared_read empty = *read;

		DL_DELETE(part->reads, read);
		read->asked = NULL; /* the owner frees it */
		read_set_empty(&empty);
		read_hand_over(&empty, empty.asked);
	}
}

/* ---- on the loop of part 0 ---- */

/* Frees a read for which nobody waits. */
static void
read_drop(struct shared_read *read)
{
	block_unref(read->page.page);
	history_free(&read->newest.found);
	free(read);
}

static void
read_return(struct shared_read *read)
{
	if (!read->asked || !mailbox_post(&read->part->mailbox, &read->head.letter))
		read_drop(read);
}

static void
on_page_read(struct journal_page_read *page)
{
	read_return((struct shared_read *)((char *)page - offsetof(struct shared_read, page)));
}

static void
on_newest_read(struct journal_newest_read *newest)
{
	read_return((struct shared_read *)((char *)newest - offsetof(struct shared_read, newest)));
}

void
shared_read_refuse(struct shared_read *read)
{
	read_set_empty(read);
	read_return(read);
}

void
shared_read_begin(void *arg, struct letter *letter)
{
	struct shared_journal *shared = arg;
	struct shared_read *read = (struct shared_read *)letter;
	const struct journal_kind *kind = shared->disk->kind;

	if (read->head.kind == PART_PAGE)
		kind->read_page(shared->disk, &read->page);
	else if (kind->message_count(shared->disk, chat_span_of(read->newest.channel)))
		kind->read_newest(shared->disk, &read->newest);
	else
		shared_read_refuse(read);
}
