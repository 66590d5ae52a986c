/*
 * The way from the past to the present. A reader asks for a page; the page is there, or is made
 * from memory, or is read beside the loop, once for all who ask for it; it is handed out in the
 * reader's turn, and when the reader's queue is empty again it asks for the next.
 */
#include "serve/past.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "buf.h"
#include "serve/guest.h"
#include "serve/room_past.h"
#include "serve/server.h"

#define READ_COST_BYTES 1 /* every reading counts as one: none is longer than a page */

struct past_reader {
	struct fair_entry entry; /* first */
	struct guest *guest;
	struct page *page; /* being read; NULL: it does not wait for one */
	struct past_reader *next, *prev; /* that wait for the same */
	struct member_past past;
};

/* A page being read from the journal. */
struct past_read {
	struct journal_read read;
	struct past *past;
	struct room *room; /* counts it as a reader */
	struct page *page;
};

static struct past *
past_of(const struct past_reader *reader)
{
	return &reader->guest->server->past;
}

static struct fair_lane *
lane_of(const struct past_reader *reader, enum address_lane lane)
{
	return address_lane(reader->guest->address, lane);
}

static void
reader_free(struct past_reader *reader)
{
	struct past *past = past_of(reader);

	fair_remove(&past->wanting, &reader->entry);
	fair_remove(&past->reading, &reader->entry);
	if (reader->page)
		DL_DELETE(reader->page->waiters, reader);
	reader->guest->reader = NULL;
	member_past_free(&reader->past);
	past->readers--;
	free(reader);
}

static void
reader_want(struct past_reader *reader)
{
	fair_push(&past_of(reader)->wanting, lane_of(reader, ADDRESS_LANE_PAGES), &reader->entry);
}

/* Of a page that is about to be made. */
static size_t
past_page_bytes(const struct past *past)
{
	size_t bytes = pages_next_bytes(&past->server->rooms.pages);
	size_t most = (size_t)past->server->config->queue_bytes / 2;

	return bytes < most ? bytes : most;
}

/* ---- from the journal ---- */

static void past_read_next(struct past *past);

static void
on_read(struct journal_read *read)
{
	struct past_read *asked = (struct past_read *)read;
	struct page *page = asked->page;
	struct past *past = asked->past;
	struct past_reader *reader, *next;

	page->end = read->end;
	page->complete = read->complete;
	DL_FOREACH_SAFE(page->waiters, reader, next)
	{
		DL_DELETE(page->waiters, reader);
		reader->page = NULL;
		reader_want(reader);
	}
	pages_fill(&past->server->rooms.pages, page, read->page);
	asked->room->readers--;
	room_forget(asked->room);
	free(asked);
	past->reads--;
	past_read_next(past);
}

static struct page *
past_ask(struct past *past, struct room *room, const struct page_key *key)
{
	struct past_read *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = past->server->journal;

	asked->past = past;
	asked->room = room;
	asked->page = pages_add(&room->rooms->pages, key);
	memcpy(asked->read.channel, room->channel, room->channel_len);
	asked->read.after = key->after;
	asked->read.upto = room_newest(room);
	asked->read.page_bytes = past_page_bytes(past);
	asked->read.most_bytes = room->rooms->limits.page_message_bytes;
	asked->read.complete = !key->incomplete;
	asked->read.done = on_read;
	past->reads++;
	room->readers++;
	journal->kind->read(journal, &asked->read);
	return asked->page;
}

/* The page, which may be under way now; NULL: there is no reading to be had, and it waits for one.
 */
static struct page *
reader_ask(struct past_reader *reader, bool first_in_line)
{
	struct past *past = past_of(reader);
	struct room *room = reader->guest->member.room;
	struct page_key key = room_past_key(&reader->guest->member);
	struct page *page = pages_find(&room->rooms->pages, &key);

	if (page)
		return page;
	if (past->reads < PAST_READS && (first_in_line || fair_is_empty(&past->reading))) {
		page = past_ask(past, room, &key);
		fair_charge(&past->reading, lane_of(reader, ADDRESS_LANE_READS), READ_COST_BYTES);
	} else {
		fair_push(&past->reading, lane_of(reader, ADDRESS_LANE_READS), &reader->entry);
	}
	return page;
}

static void
reader_await(struct past_reader *reader, struct page *page)
{
	reader->page = page;
	DL_APPEND(page->waiters, reader);
}

/* A reading has ended: the next ones of those who wait for it. */
static void
past_read_next(struct past *past)
{
	while (past->reads < PAST_READS && !fair_is_empty(&past->reading)) {
		struct past_reader *reader = (struct past_reader *)fair_pop(&past->reading);
		struct page *page = reader_ask(reader, true);

		if (page->ready)
			reader_want(reader);
		else
			reader_await(reader, page);
	}
}

/* ---- handing out ---- */

static void
reader_charge(struct past_reader *reader, size_t bytes)
{
	struct past *past = past_of(reader);

	fair_charge(&past->wanting, lane_of(reader, ADDRESS_LANE_PAGES), bytes);
	past->turn_bytes -= (int64_t)bytes;
	past->handed++;
}

static void
reader_turn(struct past_reader *reader, const struct page *page)
{
	reader_charge(reader, page->block->len);
	member_turn(&reader->guest->member, page);
	conn_tell_empty(&reader->guest->conn);
}

/* Memory has the rest. */
static void
reader_remember(struct past_reader *reader)
{
	struct member *member = &reader->guest->member;
	struct page *page = room_past_page(member, past_page_bytes(past_of(reader)));

	if (page->key.kind == PAGE_PAST) {
		reader_turn(reader, page);
		return;
	}
	reader_charge(reader, page->block->len);
	member_go_live(member, page);
	reader_free(reader);
}

/* The next page is the reader's, or it waits for it. */
static void
reader_step(struct past_reader *reader)
{
	struct member *member = &reader->guest->member;
	struct page *page;

	if (reader->guest->conn.state != CONN_OPEN)
		return; /* its Close is awaited */
	while (room_past_is_far(member)) {
		page = reader_ask(reader, false);
		if (page && !page->ready)
			reader_await(reader, page);
		else if (page && page->block)
			reader_turn(reader, page);
		if (!page || !page->ready || page->block)
			return;
		member_turn(member, page); /* there was nothing of this room */
	}
	reader_remember(reader);
}

void
past_turn(struct past *past)
{
	while (past->turn_bytes > 0 && !fair_is_empty(&past->wanting))
		reader_step((struct past_reader *)fair_pop(&past->wanting));
	past->turn_bytes = PAST_TURN_BYTES;
}

static void
on_idle(uv_idle_t *idle)
{
	(void)idle; /* that it is there keeps the loop from waiting */
}

void
past_rest(struct past *past)
{
	if (fair_is_empty(&past->wanting))
		uv_idle_stop(&past->idle);
	else
		uv_idle_start(&past->idle, on_idle);
}

/* ---- coming and going ---- */

void
past_open(struct past *past, struct server *server)
{
	past->server = server;
	past->turn_bytes = PAST_TURN_BYTES;
	uv_idle_init(&server->loop, &past->idle);
}

void
past_close(struct past *past)
{
	fair_free(&past->wanting);
	fair_free(&past->reading);
}

void
past_enter(struct guest *guest, struct chat_span since)
{
	struct past *past = &guest->server->past;
	struct past_reader *reader = chat_alloc_zeroed(1, sizeof(*reader));

	reader->guest = guest;
	member_begin(&guest->member, &reader->past, since);
	guest->reader = reader;
	past->readers++;
	if (past->turn_bytes > 0 && fair_is_empty(&past->wanting))
		reader_step(reader);
	else
		reader_want(reader);
}

void
past_leave(struct guest *guest)
{
	if (guest->reader)
		reader_free(guest->reader);
}

void
past_emptied(struct guest *guest)
{
	struct past_reader *reader = guest->reader;

	if (reader && !reader->entry.lane && !reader->page)
		reader_want(reader);
}
