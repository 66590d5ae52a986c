/*
 * Sends the past to members. A reader wants a page. The page is in the page cache, or is made from
 * memory, or is read from the journal by another thread, once for all readers that want it. It is
 * sent when it is the reader's turn. When the member's send queue is empty again, the reader wants
 * the next page.
 */
#include "serve/session/catchup.h"

#include <stdlib.h>
#include <utlist.h>

#include "serve/channel/echo.h"
#include "serve/channel/replay.h"
#include "serve/net/conn.h"
#include "text/buf.h"

#define PAGE_READ_COST 1 /* every read of a page costs the same: none is longer than a page */
#define NEWEST_READ_COST 16 /* it looks into several segments */

struct catchup_reader {
	struct fair_entry entry; /* first */
	struct catchup *catchup;
	struct member *member;
	struct address *address; /* its pages and reads count for this address */
	struct catchup_reader **place; /* points to the reader; NULL is put there at its end */
	struct page *page; /* the page being read that it waits for; NULL: it does not wait */
	struct catchup_reader *next, *prev; /* in page->waiters, or in catchup->ahead */
	struct member_catchup state;
	bool newest; /* the member joined without `since` */
	bool began; /* its first page was looked for */
	bool ahead; /* it is in catchup->ahead */
	int64_t ahead_until_ms; /* by clock_now_ms; 0: it was not ahead yet */
};

static struct fair_lane *
lane_of(const struct catchup_reader *reader, enum address_lane lane)
{
	return address_lane(reader->address, reader->catchup->loop, lane);
}

static struct page_cache *
cache_of(const struct catchup_reader *reader)
{
	return &reader->catchup->reads.channels->page_cache;
}

static struct catchup_reader *
reader_new(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place)
{
	struct catchup_reader *reader = chat_alloc_zeroed(1, sizeof(*reader));

	reader->catchup = catchup;
	reader->member = member;
	reader->address = address;
	reader->place = place;
	*place = reader;
	catchup->readers++;
	return reader;
}

static void
reader_free(struct catchup_reader *reader)
{
	struct catchup *catchup = reader->catchup;

	fair_queue_remove(&catchup->wanting, &reader->entry);
	fair_queue_remove(&catchup->reading, &reader->entry);
	if (reader->page)
		DL_DELETE(reader->page->waiters, reader);
	if (reader->ahead)
		DL_DELETE(catchup->ahead, reader);
	*reader->place = NULL;
	member_catchup_free(&reader->state);
	catchup->readers--;
	free(reader);
}

static void
reader_want(struct catchup_reader *reader)
{
	fair_queue_push(
		&reader->catchup->wanting, lane_of(reader, ADDRESS_LANE_PAGES), &reader->entry);
}

static void
reader_await(struct catchup_reader *reader, struct page *page)
{
	reader->page = page;
	DL_APPEND(page->waiters, reader);
}

/* ---- in a cluster ---- */

static int64_t
now_ms_of(const struct catchup_reader *reader)
{
	return clock_now_ms(reader->catchup->reads.channels->clock);
}

/* Returns true if the reader waits until this server has published what its member has seen. */
static bool
reader_await_rest(struct catchup_reader *reader)
{
	struct catchup *catchup = reader->catchup;

	if (!member_is_ahead(reader->member))
		return false;
	if (!reader->ahead_until_ms)
		reader->ahead_until_ms = now_ms_of(reader) + CATCHUP_AHEAD_MS;
	if (now_ms_of(reader) >= reader->ahead_until_ms)
		return false;
	reader->ahead = true;
	DL_APPEND(catchup->ahead, reader);
	return true;
}

/* Lets those go on that have waited for what is published now, or too long. */
static void
readers_go_on(struct catchup *catchup)
{
	struct catchup_reader *reader, *next;

	DL_FOREACH_SAFE(catchup->ahead, reader, next)
	{
		if (member_is_ahead(reader->member) && now_ms_of(reader) < reader->ahead_until_ms)
			continue;
		DL_DELETE(catchup->ahead, reader);
		reader->ahead = false;
		reader_want(reader);
	}
}

/* ---- asking for a page ---- */

/* Returns the key of a page that is ready when the newest messages are in memory. */
static struct page_key
newest_key(const struct channel *channel)
{
	return (struct page_key){.channel = channel->number, .kind = PAGE_NEWEST};
}

/*
 * Returns the page, which may still be being read. Returns NULL if no read can begin now; the
 * reader then waits in catchup->reading. is_first: it was just taken from the front of that queue.
 */
static struct page *
reader_ask(struct catchup_reader *reader, bool is_first)
{
	struct catchup *catchup = reader->catchup;
	struct channel *channel = reader->member->channel;
	struct fair_lane *lane = lane_of(reader, ADDRESS_LANE_READS);
	struct page_key key =
		reader->newest ? newest_key(channel) : member_page_key(reader->member);
	struct page *page = page_cache_find(cache_of(reader), &key);

	if (page)
		return page;
	if (catchup->reads.running == CATCHUP_READS_MAX ||
		(!is_first && !fair_queue_is_empty(&catchup->reading))) {
		fair_queue_push(&catchup->reading, lane, &reader->entry);
		return NULL;
	}
	fair_queue_charge(
		&catchup->reading, lane, reader->newest ? NEWEST_READ_COST : PAGE_READ_COST);
	return reader->newest ? catchup_read_newest(&catchup->reads, channel, &key)
			      : catchup_read_page(&catchup->reads, channel, &key);
}

/* Begins as many reads as may run, for the readers that wait for one. */
static void
reads_begin(struct catchup *catchup)
{
	while (catchup->reads.running < CATCHUP_READS_MAX &&
		!fair_queue_is_empty(&catchup->reading)) {
		struct catchup_reader *reader =
			(struct catchup_reader *)fair_queue_pop(&catchup->reading);
		struct page *page = reader_ask(reader, true);

		if (page->ready)
			reader_want(reader);
		else
			reader_await(reader, page);
	}
}

/* Ends a read: readers that waited for its page want it now, and the next read begins. */
static void
on_page(void *arg, struct page *page)
{
	struct catchup_reader *reader, *next;

	DL_FOREACH_SAFE(page->waiters, reader, next)
	{
		DL_DELETE(page->waiters, reader);
		reader->page = NULL;
		reader_want(reader);
	}
	reads_begin(arg);
}

/* ---- handing out ---- */

static void
reader_charge(struct catchup_reader *reader, size_t bytes)
{
	struct catchup *catchup = reader->catchup;

	fair_queue_charge(&catchup->wanting, lane_of(reader, ADDRESS_LANE_PAGES), bytes);
	catchup->turn_bytes -= (int64_t)bytes;
	catchup->pages_sent++;
}

static void
reader_send(struct catchup_reader *reader, const struct page *page)
{
	reader_charge(reader, page->block->len);
	member_send_page(reader->member, page);
	conn_notify_drained(reader->member->conn); /* which calls catchup_continue */
}

/* Sends a page from memory. After the last one the member is live. */
static void
reader_send_from_memory(struct catchup_reader *reader)
{
	struct member *member = reader->member;
	struct page *page = member_next_page(member, catchup_page_bytes(&reader->catchup->reads));

	if (page->key.kind == PAGE_CATCHUP) {
		reader_send(reader, page);
		return;
	}
	reader_charge(reader, page->block->len);
	member_go_live(member, page);
	reader_free(reader);
}

/* Sends the newest messages, or waits until the channel has them in memory. */
static void
reader_step_newest(struct catchup_reader *reader)
{
	struct channel *channel = reader->member->channel;
	struct page_key key = newest_key(channel);
	struct page *page = page_cache_find(cache_of(reader), &key);

	if (!page && channel_needs_newest_read(channel)) {
		page = reader_ask(reader, false);
		if (!page)
			return;
	}
	if (page && !page->ready) {
		reader_await(reader, page);
		return;
	}
	member_replay(reader->member);
	reader_free(reader);
}

/* The first page must not be one made before messages in it were removed. */
static void
reader_renew_first_page(struct catchup_reader *reader)
{
	struct page_key key = member_page_key(reader->member);

	if (!reader->began)
		page_cache_drop_stale(cache_of(reader), &key);
	reader->began = true;
}

/* Sends the next page, or waits for it. */
static void
reader_step(struct catchup_reader *reader)
{
	struct member *member = reader->member;
	struct page *page;

	if (member->conn->state != CONN_OPEN)
		return; /* the connection is closing */
	if (reader->newest) {
		reader_step_newest(reader);
		return;
	}
	if (reader_await_rest(reader))
		return;
	reader_renew_first_page(reader);
	while (member_needs_journal(member)) {
		page = reader_ask(reader, false);
		if (page && !page->ready)
			reader_await(reader, page);
		else if (page && page->block)
			reader_send(reader, page);
		if (!page || !page->ready || page->block)
			return;
		member_send_page(member, page); /* it has no message of this channel */
	}
	reader_send_from_memory(reader);
}

void
catchup_turn(struct catchup *catchup)
{
	readers_go_on(catchup);
	while (catchup->turn_bytes > 0 && !fair_queue_is_empty(&catchup->wanting))
		reader_step((struct catchup_reader *)fair_queue_pop(&catchup->wanting));
	catchup->turn_bytes = CATCHUP_TURN_BYTES;
}

static void
on_idle(uv_idle_t *idle)
{
	(void)idle; /* while it runs the loop does not wait */
}

void
catchup_end_turn(struct catchup *catchup)
{
	catchup_reads_end_turn(&catchup->reads);
	if (fair_queue_is_empty(&catchup->wanting))
		uv_idle_stop(&catchup->idle);
	else
		uv_idle_start(&catchup->idle, on_idle);
}

/* ---- beginning and ending ---- */

void
catchup_open(
	struct catchup *catchup, uv_loop_t *loop, struct channels *channels, size_t page_max_bytes)
{
	*catchup = (struct catchup){.turn_bytes = CATCHUP_TURN_BYTES,
		.reads = {
			.channels = channels,
			.page_max_bytes = page_max_bytes,
			.on_page = on_page,
			.arg = catchup,
		}};
	uv_idle_init(loop, &catchup->idle);
}

void
catchup_close(struct catchup *catchup)
{
	catchup_reads_free(&catchup->reads);
	fair_queue_free(&catchup->wanting);
	fair_queue_free(&catchup->reading);
}

void
catchup_begin_newest(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place)
{
	const struct channel *channel = member->channel;
	struct catchup_reader *reader;

	if (!channel->readers && !channel_needs_newest_read(channel)) {
		member_replay(member);
		return;
	}
	reader = reader_new(catchup, member, address, place);
	reader->newest = true;
	member_await_newest(member, &reader->state);
	reader_step(reader);
}

void
catchup_begin(struct catchup *catchup, struct member *member, struct address *address,
	struct catchup_reader **place, const struct since_point *since)
{
	struct catchup_reader *reader = reader_new(catchup, member, address, place);

	member_begin_catchup(member, &reader->state, since);
	if (catchup->turn_bytes > 0 && fair_queue_is_empty(&catchup->wanting))
		reader_step(reader);
	else
		reader_want(reader);
}

void
catchup_end(struct catchup_reader *reader)
{
	if (reader)
		reader_free(reader);
}

void
catchup_continue(struct catchup_reader *reader)
{
	if (reader && !reader->entry.lane && !reader->page && !reader->ahead)
		reader_want(reader);
}
