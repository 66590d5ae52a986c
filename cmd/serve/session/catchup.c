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
#include "serve/channel/channel.h"
#include "serve/channel/echo.h"
#include "serve/channel/replay.h"
#include "serve/channel/since.h"
#include "serve/server.h"
#include "serve/session/session.h"

#define READ_COST_BYTES 1 /* every reading counts as one: none is longer than a page; */
#define RECALL_COST_BYTES 16 /* but this one, which looks into several segments, */
#define RECALL_BYTES ((size_t)4 << 20) /* and may be so long */

struct catchup_reader {
	struct fair_entry entry; /* first */
	struct session *session;
	struct page *page; /* being read; NULL: it does not wait for one */
	struct catchup_reader *next, *prev; /* that wait for the same */
	struct member_catchup catchup;
	bool newest; /* it came without `since` */
	bool began; /* to look for pages */
};

/* What is read from the journal. */
struct catchup_work {
	struct catchup *catchup;
	struct channel *channel; /* counts it as a reader */
	struct page *page;
};

struct catchup_read {
	struct journal_page_read read; /* first */
	struct catchup_work work;
};

struct catchup_recall {
	struct journal_newest_read recall; /* first */
	struct catchup_work work;
	uint64_t dropped; /* by the channel's history */
};

/*
 * A reading is over, and its channel goes on remembering what came meanwhile: where the page went
 * to the end of the journal, those who waited for it find the rest in memory in their next turn.
 */
struct catchup_tail {
	struct catchup_tail *next;
	struct channel *channel; /* counts the reading still */
	unsigned turns; /* until it does not */
};

#define TAIL_TURNS 2 /* that in which the page is handed out, and the next */

static struct catchup *
catchup_of(const struct catchup_reader *reader)
{
	return &reader->session->server->catchup;
}

static struct fair_lane *
lane_of(const struct catchup_reader *reader, enum address_lane lane)
{
	return address_lane(reader->session->address, lane);
}

static void
reader_free(struct catchup_reader *reader)
{
	struct catchup *catchup = catchup_of(reader);

	fair_queue_remove(&catchup->wanting, &reader->entry);
	fair_queue_remove(&catchup->reading, &reader->entry);
	if (reader->page)
		DL_DELETE(reader->page->waiters, reader);
	reader->session->reader = NULL;
	member_catchup_free(&reader->catchup);
	catchup->readers--;
	free(reader);
}

static void
reader_want(struct catchup_reader *reader)
{
	fair_queue_push(
		&catchup_of(reader)->wanting, lane_of(reader, ADDRESS_LANE_PAGES), &reader->entry);
}

/* Of a page that is about to be made. */
static size_t
catchup_page_bytes(const struct catchup *catchup)
{
	size_t bytes = page_cache_next_bytes(&catchup->server->channels.page_cache);
	size_t most = (size_t)catchup->server->config->queue_bytes / 2;

	return bytes < most ? bytes : most;
}

/* ---- from the journal ---- */

static void catchup_read_next(struct catchup *catchup);

static void
work_begin(struct catchup_work *work, struct catchup *catchup, struct channel *channel,
	const struct page_key *key)
{
	*work = (struct catchup_work){
		catchup, channel, page_cache_add(&channel->channels->page_cache, key)};
	catchup->reads++;
	channel->readers++;
}

static void
catchup_keep_tail(struct catchup *catchup, struct channel *channel)
{
	struct catchup_tail *tail = chat_alloc(sizeof(*tail));

	*tail = (struct catchup_tail){.channel = channel, .turns = TAIL_TURNS};
	LL_PREPEND(catchup->tails, tail);
}

/* A turn ends. */
static void
catchup_drop_tails(struct catchup *catchup)
{
	struct catchup_tail *tail, *next;

	LL_FOREACH_SAFE(catchup->tails, tail, next)
	{
		if (--tail->turns)
			continue;
		LL_DELETE(catchup->tails, tail);
		tail->channel->readers--;
		channel_release(tail->channel);
		free(tail);
	}
}

/* The page is there, of this block or NULL; those who waited for it want it. */
static void
work_end(const struct catchup_work *work, struct block *block)
{
	struct catchup *catchup = work->catchup;
	struct catchup_reader *reader, *next;

	DL_FOREACH_SAFE(work->page->waiters, reader, next)
	{
		DL_DELETE(work->page->waiters, reader);
		reader->page = NULL;
		reader_want(reader);
	}
	page_cache_fill(&catchup->server->channels.page_cache, work->page, block);
	catchup_keep_tail(catchup, work->channel);
	catchup->reads--;
	catchup_read_next(catchup);
}

static void
on_read(struct journal_page_read *read)
{
	struct catchup_read *asked = (struct catchup_read *)read;
	struct catchup_work work = asked->work;
	struct block *block = read->page;

	work.page->end = read->end;
	work.page->complete = read->complete;
	free(asked);
	work_end(&work, block);
}

static void
on_recalled(struct journal_newest_read *recall)
{
	struct catchup_recall *asked = (struct catchup_recall *)recall;
	struct catchup_work work = asked->work;

	channel_history_prepend(work.channel, &recall->found, asked->dropped, recall->removed);
	free(asked);
	work_end(&work, NULL);
}

static struct page *
catchup_ask_newest(struct catchup *catchup, struct channel *channel, const struct page_key *key)
{
	struct catchup_recall *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = catchup->server->journal;

	work_begin(&asked->work, catchup, channel, key);
	memcpy(asked->recall.channel, channel->name, channel->name_len);
	asked->recall.upto = channel_newest_number(channel);
	asked->recall.most = channel_replay_most(channel);
	asked->recall.most_bytes = RECALL_BYTES;
	asked->recall.done = on_recalled;
	asked->dropped = channel->history.dropped;
	channel->recalled = true;
	journal->kind->read_newest(journal, &asked->recall);
	return asked->work.page;
}

static struct page *
catchup_ask(struct catchup *catchup, struct channel *channel, const struct page_key *key)
{
	struct catchup_read *asked = chat_alloc_zeroed(1, sizeof(*asked));
	struct journal *journal = catchup->server->journal;

	work_begin(&asked->work, catchup, channel, key);
	memcpy(asked->read.channel, channel->name, channel->name_len);
	asked->read.after = key->after;
	asked->read.upto = channel_newest_number(channel);
	asked->read.page_bytes = catchup_page_bytes(catchup);
	asked->read.most_bytes = channel->channels->limits.page_message_bytes;
	asked->read.complete = !key->incomplete;
	asked->read.done = on_read;
	journal->kind->read_page(journal, &asked->read);
	return asked->work.page;
}

/* Not a page: it is ready when the channel has its newest messages. */
static struct page_key
recall_key(const struct channel *channel)
{
	return (struct page_key){.channel = channel->number, .kind = PAGE_RECALL};
}

/* The page, which may be under way now; NULL: there is no reading to be had, and it waits for one.
 */
static struct page *
reader_ask(struct catchup_reader *reader, bool first_in_line)
{
	struct catchup *catchup = catchup_of(reader);
	struct channel *channel = reader->session->member.channel;
	struct fair_lane *lane = lane_of(reader, ADDRESS_LANE_READS);
	struct page_key key =
		reader->newest ? recall_key(channel) : member_page_key(&reader->session->member);
	struct page *page = page_cache_find(&channel->channels->page_cache, &key);

	if (page)
		return page;
	if (catchup->reads == CATCHUP_READS ||
		(!first_in_line && !fair_queue_is_empty(&catchup->reading))) {
		fair_queue_push(&catchup->reading, lane, &reader->entry);
		return NULL;
	}
	fair_queue_charge(
		&catchup->reading, lane, reader->newest ? RECALL_COST_BYTES : READ_COST_BYTES);
	return reader->newest ? catchup_ask_newest(catchup, channel, &key)
			      : catchup_ask(catchup, channel, &key);
}

static void
reader_await(struct catchup_reader *reader, struct page *page)
{
	reader->page = page;
	DL_APPEND(page->waiters, reader);
}

/* A reading has ended: the next ones of those who wait for it. */
static void
catchup_read_next(struct catchup *catchup)
{
	while (catchup->reads < CATCHUP_READS && !fair_queue_is_empty(&catchup->reading)) {
		struct catchup_reader *reader =
			(struct catchup_reader *)fair_queue_pop(&catchup->reading);
		struct page *page = reader_ask(reader, true);

		if (page->ready)
			reader_want(reader);
		else
			reader_await(reader, page);
	}
}

/* ---- handing out ---- */

static void
reader_charge(struct catchup_reader *reader, size_t bytes)
{
	struct catchup *catchup = catchup_of(reader);

	fair_queue_charge(&catchup->wanting, lane_of(reader, ADDRESS_LANE_PAGES), bytes);
	catchup->turn_bytes -= (int64_t)bytes;
	catchup->handed++;
}

static void
reader_turn(struct catchup_reader *reader, const struct page *page)
{
	reader_charge(reader, page->block->len);
	member_send_page(&reader->session->member, page);
	conn_notify_drained(&reader->session->conn);
}

/* Memory has the rest. */
static void
reader_remember(struct catchup_reader *reader)
{
	struct member *member = &reader->session->member;
	struct page *page = member_next_page(member, catchup_page_bytes(catchup_of(reader)));

	if (page->key.kind == PAGE_CATCHUP) {
		reader_turn(reader, page);
		return;
	}
	reader_charge(reader, page->block->len);
	member_go_live(member, page);
	reader_free(reader);
}

/* The channel is asked to remember its newest messages, or has been. */
static void
reader_step_newest(struct catchup_reader *reader)
{
	struct channel *channel = reader->session->member.channel;
	struct page_key key = recall_key(channel);
	struct page *page = page_cache_find(&channel->channels->page_cache, &key);

	if (!page && channel_needs_recall(channel)) {
		page = reader_ask(reader, false);
		if (!page)
			return;
	}
	if (page && !page->ready) {
		reader_await(reader, page);
		return;
	}
	member_replay(&reader->session->member);
	reader_free(reader);
}

/* The first page is not one from which messages would be missing by now. */
static void
reader_begin(struct catchup_reader *reader)
{
	struct page_key key = member_page_key(&reader->session->member);

	if (!reader->began)
		page_cache_renew(&catchup_of(reader)->server->channels.page_cache, &key);
	reader->began = true;
}

/* The next page is the reader's, or it waits for it. */
static void
reader_step(struct catchup_reader *reader)
{
	struct member *member = &reader->session->member;
	struct page *page;

	if (reader->session->conn.state != CONN_OPEN)
		return; /* its Close is awaited */
	if (reader->newest) {
		reader_step_newest(reader);
		return;
	}
	reader_begin(reader);
	while (member_needs_journal(member)) {
		page = reader_ask(reader, false);
		if (page && !page->ready)
			reader_await(reader, page);
		else if (page && page->block)
			reader_turn(reader, page);
		if (!page || !page->ready || page->block)
			return;
		member_send_page(member, page); /* there was nothing of this channel */
	}
	reader_remember(reader);
}

void
catchup_turn(struct catchup *catchup)
{
	while (catchup->turn_bytes > 0 && !fair_queue_is_empty(&catchup->wanting))
		reader_step((struct catchup_reader *)fair_queue_pop(&catchup->wanting));
	catchup->turn_bytes = CATCHUP_TURN_BYTES;
}

static void
on_idle(uv_idle_t *idle)
{
	(void)idle; /* that it is there keeps the loop from waiting */
}

void
catchup_rest(struct catchup *catchup)
{
	catchup_drop_tails(catchup);
	if (fair_queue_is_empty(&catchup->wanting))
		uv_idle_stop(&catchup->idle);
	else
		uv_idle_start(&catchup->idle, on_idle);
}

/* ---- coming and going ---- */

void
catchup_open(struct catchup *catchup, struct server *server)
{
	catchup->server = server;
	catchup->turn_bytes = CATCHUP_TURN_BYTES;
	uv_idle_init(&server->loop, &catchup->idle);
}

void
catchup_close(struct catchup *catchup)
{
	while (catchup->tails)
		catchup_drop_tails(catchup);
	fair_queue_free(&catchup->wanting);
	fair_queue_free(&catchup->reading);
}

static struct catchup_reader *
reader_new(struct session *session)
{
	struct catchup_reader *reader = chat_alloc_zeroed(1, sizeof(*reader));

	reader->session = session;
	session->reader = reader;
	session->server->catchup.readers++;
	return reader;
}

void
catchup_enter_newest(struct session *session)
{
	const struct channel *channel = session->member.channel;
	struct catchup_reader *reader;

	if (!channel->readers && !channel_needs_recall(channel)) {
		member_replay(&session->member);
		return;
	}
	reader = reader_new(session);
	reader->newest = true;
	member_await_recall(&session->member, &reader->catchup);
	reader_step(reader);
}

void
catchup_enter(struct session *session, const struct since_point *since)
{
	struct catchup *catchup = &session->server->catchup;
	struct catchup_reader *reader = reader_new(session);

	member_begin_catchup(&session->member, &reader->catchup, since);
	if (catchup->turn_bytes > 0 && fair_queue_is_empty(&catchup->wanting))
		reader_step(reader);
	else
		reader_want(reader);
}

void
catchup_leave(struct session *session)
{
	if (session->reader)
		reader_free(session->reader);
}

void
catchup_emptied(struct session *session)
{
	struct catchup_reader *reader = session->reader;

	if (reader && !reader->entry.lane && !reader->page)
		reader_want(reader);
}
