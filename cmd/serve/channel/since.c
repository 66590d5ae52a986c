/*
 * Sends the past of a channel to a member that joined with `since`. Without `since`, see replay.c.
 */
#include "serve/channel/since.h"

#include "serve/channel/channel.h"
#include "serve/channel/echo.h"
#include "serve/channel/user_data.h"

/* ---- where it begins ---- */

bool
since_is_ahead(const struct channels *channels, const struct since_point *since)
{
	uint64_t epoch, number;

	return channels->log && since->id.at && message_id_read(since->id, &epoch, &number) &&
		epoch == channels->epoch && number > channels->sequence;
}

/* Returns a number such that all messages up to it are older than this time; 0 if none is known. */
static uint64_t
channel_number_before(const struct channel *channel, int64_t time_ms)
{
	const struct journal *journal = channel->channels->journal;

	return journal->kind->newest_older_than ? journal->kind->newest_older_than(journal, time_ms)
						: 0;
}

/*
 * Finds the number of the newest message that a member with this `since` has seen. Returns false if
 * the id is not known: then messages may be missing.
 */
static bool
since_number(const struct channel *channel, const struct since_point *since, uint64_t *number)
{
	const struct channels *channels = channel->channels;
	uint64_t epoch;
	bool known;

	*number = 0;
	if (chat_span_equal(since->id, CHAT_SPAN(SINCE_BEGINNING))) {
		*number = since->timed ? channel_number_before(channel, since->time_ms) : 0;
		return true;
	}
	if (!message_id_read(since->id, &epoch, number) || epoch > channels->epoch) {
		*number = channel->history.dropped; /* all messages in memory will be sent */
		return false;
	}
	if (epoch == channels->epoch)
		return true;
	*number = epochs_find(&channels->epochs, epoch, *number, &known);
	return known;
}

void
member_begin_catchup(
	struct member *member, struct member_catchup *catchup, const struct since_point *since)
{
	*catchup = (struct member_catchup){.announced = member->channel->presence.announced};
	catchup->complete = since_number(member->channel, since, &catchup->told);
	member->catchup = catchup;
}

/* ---- pages ---- */

bool
member_needs_journal(const struct member *member)
{
	const struct channel *channel = member->channel;

	return channel->channels->journal->kind->read_page &&
		member->catchup->told < channel->history.dropped;
}

struct page_key
member_page_key(const struct member *member)
{
	return (struct page_key){
		.channel = member->channel->number,
		.after = member->catchup->told,
		.kind = PAGE_CATCHUP,
		.incomplete = !member->catchup->complete,
	};
}

static struct page *
make_page(struct member *member, size_t bytes, struct page_key key)
{
	struct channel *channel = member->channel;
	struct page_cache *page_cache = &channel->channels->page_cache;
	uint64_t end;
	struct block *block = history_page(&channel->history,
		&(struct history_page){
			.after = key.after,
			.bytes = bytes,
			.most_bytes = channel->channels->limits.page_message_bytes,
			.complete = !key.incomplete,
		},
		&end);
	struct page *page;

	if (end < key.upto && end != key.after) { /* the page is not the last one */
		key.kind = PAGE_CATCHUP;
		key.upto = 0;
	}
	page = page_cache_add(page_cache, &key);
	page->end = end;
	page->complete = true;
	page_cache_fill(page_cache, page, block);
	return page;
}

struct page *
member_next_page(struct member *member, size_t bytes)
{
	struct channel *channel = member->channel;
	struct page_cache *page_cache = &channel->channels->page_cache;
	struct page_key key = member_page_key(member);
	struct page *page;

	if (key.after < channel->history.dropped || key.after < channel->gap ||
		key.after < channel->channels->gap)
		key.incomplete = true;
	page = page_cache_find(page_cache, &key);
	if (page && page->ready && page->block)
		return page;
	if (page && page->ready) /* from the journal, before memory had what follows */
		page_cache_drop(page_cache, page);
	key.kind = PAGE_LAST;
	key.upto = channel_newest_number(channel);
	page = page_cache_find(page_cache, &key);
	return page ? page : make_page(member, bytes, key);
}

/* ---- sending ---- */

void
member_send_page(struct member *member, const struct page *page)
{
	struct member_catchup *catchup = member->catchup;

	if (page->block)
		member_send_block(member, block_ref(page->block));
	member_send_owed_echoes(member, page);
	catchup->told = page->end;
	catchup->complete = page->complete || page->block;
}

void
member_update_users(struct member *member)
{
	struct channel *channel = member->channel;
	struct page_cache *page_cache = &channel->channels->page_cache;
	struct page_key key = {
		.channel = channel->number, .upto = channel->presence.changes, .kind = PAGE_USERS};
	struct page *page;

	if (member->catchup->announced == channel->presence.announced)
		return;
	page = page_cache_find(page_cache, &key);
	if (!page) {
		page = page_cache_add(page_cache, &key);
		page_cache_fill(page_cache, page, channel_user_data(channel, NULL));
	}
	member_send_block(member, block_ref(page->block));
	member->knows = pending_end(&channel->pending);
}

void
member_go_live(struct member *member, const struct page *last)
{
	struct page page = *last;

	block_ref(page.block);
	member_update_users(member); /* this may free *last */
	member_send_block(member, block_ref(page.block));
	member_send_owed_echoes(member, &page);
	block_unref(page.block);
	member->catchup = NULL;
	member->channel->members.live++;
}
