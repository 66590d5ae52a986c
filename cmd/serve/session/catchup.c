/*
 * The way from the past to the present. A reader asks for a page; the page is there, or is made
 * from memory, or is read beside the loop, once for all who ask for it; it is handed out in the
 * reader's turn, and when the reader's queue is empty again it asks for the next.
 */
#include "serve/session/catchup.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/channel/since.h"
#include "serve/server.h"
#include "serve/session/session.h"

#define READ_COST_BYTES 1 /* every reading counts as one: none is longer than a page; */
#define RECALL_COST_BYTES 16 /* but this one, which looks into several segments, */
#define RECALL_BYTES ((size_t)4 << 20) /* and may be so long */

struct past_reader {
	struct fair_entry entry; /* first */
	struct guest *guest;
	struct page *page; /* being read; NULL: it does not wait for one */
	struct past_reader *next, *prev; /* that wait for the same */
	struct member_past past;
	bool newest; /* it came without `since` */
	bool began; /* to look for pages */
};

/* What is read from the journal. */
struct past_work {
	struct past *past;
	struct room *room; /* counts it as a reader */
	struct page *page;
};

struct past_read {
	struct journal_read read; /* first */
	struct past_work work;
};

struct past_recall {
	struct journal_recall recall; /* first */
	struct past_work work;
	uint64_t forgotten; /* by the room */
};

/*
 * A reading is over, and its room goes on remembering what came meanwhile: where the page went to
 * the end of the journal, those who waited for it find the rest in memory in their next turn.
 */
struct past_tail {
	struct past_tail *next;
	struct room *room; /* counts the reading still */
	unsigned turns; /* until it does not */
};

#define TAIL_TURNS 2 /* that in which the page is handed out, and the next */

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
work_begin(struct past_work *work, struct past *past, struct room *room, const struct page_key *key)
{
	*work = (struct past_work){past, room, pages_add(&room->rooms->pages, key)};
	past->reads++;
	room->readers++;
}

static void
past_keep_tail(struct past *past, struct room *room)
{
	struct past_tail *tail = chat_alloc(sizeof(*tail));

	*tail = (struct past_tail){.room = room, .turns = TAIL_TURNS};
	LL_PREPEND(past->tails, tail);
}

/* A turn ends. */
static void
past_drop_tails(struct past *past)
{
	struct past_tail *tail, *next;

	LL_FOREACH_SAFE(past->tails, tail, next)
	{
		if (--tail->turns)
			continue;
		LL_DELETE(past->tails, tail);
		tail->room->readers--;
		room_forget(tail->room);
		free(tail);
	}
}

/* The page is there, of this block or NULL; those who waited for it want it. */
static void
work_end(const struct past_work *work, struct block *block)
{
	struct past *past = work->past;
	struct past_reader *reader, *next;

	DL_FOREACH_SAFE(work->page->waiters, reader, next)
	{
		DL_DELETE(work->page->waiters, reader);
		reader->page = NULL;
		reader_want(reader);
	}
	pages_fill(&past->server->rooms.pages, work->page, block);
	past_keep_tail(past, work->room);
	past->reads--;
	past_read_next(past);
}

static void
on_read(struct journal_read *read)
{
	struct past_read *asked = (struct past_read *)read;
	struct past_work work = asked->work;
	struct block *block = read->page;

	work.page->end = read->end;
	work.page->complete = read->complete;
	free(asked);
	work_end(&work, block);
}

static void
on_recalled(struct journal_recall *recall)
{
	struct past_recall *asked = (struct past_recall *)recall;
	struct past_work work = asked->work;

	room_recall(work.room, &recall->found, asked->forgotten, recall->removed);
	free(asked);
	work_end(&work, NULL);
}

static struct page *
past_ask_newest(struct past *past, struct room *room, const struct page_key *key)
{
	struct past_recall *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = past->server->journal;

	work_begin(&asked->work, past, room, key);
	memcpy(asked->recall.channel, room->channel, room->channel_len);
	asked->recall.upto = room_newest(room);
	asked->recall.most = room_wanted(room);
	asked->recall.most_bytes = RECALL_BYTES;
	asked->recall.done = on_recalled;
	asked->forgotten = room->history.forgotten;
	room->recalled = true;
	journal->kind->recall(journal, &asked->recall);
	return asked->work.page;
}

static struct page *
past_ask(struct past *past, struct room *room, const struct page_key *key)
{
	struct past_read *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = past->server->journal;

	work_begin(&asked->work, past, room, key);
	memcpy(asked->read.channel, room->channel, room->channel_len);
	asked->read.after = key->after;
	asked->read.upto = room_newest(room);
	asked->read.page_bytes = past_page_bytes(past);
	asked->read.most_bytes = room->rooms->limits.page_message_bytes;
	asked->read.complete = !key->incomplete;
	asked->read.done = on_read;
	journal->kind->read(journal, &asked->read);
	return asked->work.page;
}

/* Not a page: it is ready when the room has its newest messages. */
static struct page_key
recall_key(const struct room *room)
{
	return (struct page_key){.room = room->number, .kind = PAGE_RECALL};
}

/* The page, which may be under way now; NULL: there is no reading to be had, and it waits for one.
 */
static struct page *
reader_ask(struct past_reader *reader, bool first_in_line)
{
	struct past *past = past_of(reader);
	struct room *room = reader->guest->member.room;
	struct fair_lane *lane = lane_of(reader, ADDRESS_LANE_READS);
	struct page_key key =
		reader->newest ? recall_key(room) : room_past_key(&reader->guest->member);
	struct page *page = pages_find(&room->rooms->pages, &key);

	if (page)
		return page;
	if (past->reads == PAST_READS || (!first_in_line && !fair_is_empty(&past->reading))) {
		fair_push(&past->reading, lane, &reader->entry);
		return NULL;
	}
	fair_charge(&past->reading, lane, reader->newest ? RECALL_COST_BYTES : READ_COST_BYTES);
	return reader->newest ? past_ask_newest(past, room, &key) : past_ask(past, room, &key);
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

/* The room is asked to remember its newest messages, or has been. */
static void
reader_step_newest(struct past_reader *reader)
{
	struct room *room = reader->guest->member.room;
	struct page_key key = recall_key(room);
	struct page *page = pages_find(&room->rooms->pages, &key);

	if (!page && room_is_to_recall(room)) {
		page = reader_ask(reader, false);
		if (!page)
			return;
	}
	if (page && !page->ready) {
		reader_await(reader, page);
		return;
	}
	member_replay(&reader->guest->member);
	reader_free(reader);
}

/* The first page is not one from which messages would be missing by now. */
static void
reader_begin(struct past_reader *reader)
{
	struct page_key key = room_past_key(&reader->guest->member);

	if (!reader->began)
		pages_renew(&past_of(reader)->server->rooms.pages, &key);
	reader->began = true;
}

/* The next page is the reader's, or it waits for it. */
static void
reader_step(struct past_reader *reader)
{
	struct member *member = &reader->guest->member;
	struct page *page;

	if (reader->guest->conn.state != CONN_OPEN)
		return; /* its Close is awaited */
	if (reader->newest) {
		reader_step_newest(reader);
		return;
	}
	reader_begin(reader);
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
	past_drop_tails(past);
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
	while (past->tails)
		past_drop_tails(past);
	fair_free(&past->wanting);
	fair_free(&past->reading);
}

static struct past_reader *
reader_new(struct guest *guest)
{
	struct past_reader *reader = chat_alloc_zeroed(1, sizeof(*reader));

	reader->guest = guest;
	guest->reader = reader;
	guest->server->past.readers++;
	return reader;
}

void
past_enter_newest(struct guest *guest)
{
	const struct room *room = guest->member.room;
	struct past_reader *reader;

	if (!room->readers && !room_is_to_recall(room)) {
		member_replay(&guest->member);
		return;
	}
	reader = reader_new(guest);
	reader->newest = true;
	member_await(&guest->member, &reader->past);
	reader_step(reader);
}

void
past_enter(struct guest *guest, const struct past_since *since)
{
	struct past *past = &guest->server->past;
	struct past_reader *reader = reader_new(guest);

	member_begin(&guest->member, &reader->past, since);
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
