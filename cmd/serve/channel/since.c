/* What was said before a member came, up to the moment from which it hears everything. */
#include "serve/channel/since.h"

#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"

/* ---- where it begins ---- */

/* The number of a message that is older than this, as all before it are; 0: none is known. */
static uint64_t
channel_older(const struct channel *channel, int64_t time_ms)
{
	const struct journal *journal = channel->channels->journal;

	return journal->kind->newest_older_than ? journal->kind->newest_older_than(journal, time_ms)
						: 0;
}

/*
 * The number of the newest message that one who saw this id has seen. false: nothing is known of
 * the id, so that messages may be missing.
 */
static bool
since_number(const struct channel *channel, const struct since_point *since, uint64_t *number)
{
	const struct channels *channels = channel->channels;
	uint64_t epoch;
	bool known;

	*number = 0;
	if (chat_span_equal(since->id, CHAT_SPAN(CATCHUP_BEGINNING))) {
		*number = since->timed ? channel_older(channel, since->time_ms) : 0;
		return true;
	}
	if (!message_id_read(since->id, &epoch, number) || epoch > channels->epoch) {
		*number = channel->history.forgotten; /* what is remembered, at least */
		return false;
	}
	if (epoch == channels->epoch)
		return true;
	*number = epochs_find(&channels->epochs, epoch, *number, &known);
	return known;
}

void
member_begin(struct member *member, struct member_catchup *catchup, const struct since_point *since)
{
	*catchup = (struct member_catchup){.announced = member->channel->announced};
	catchup->complete = since_number(member->channel, since, &catchup->told);
	member->catchup = catchup;
}

uint64_t
channel_newest(const struct channel *channel)
{
	const struct history *history = &channel->history;

	return history->count ? history_at(history, history->count - 1)->number
			      : history->forgotten;
}

/* Of the message with this number. */
static uint64_t
epoch_of(const struct channels *channels, uint64_t number)
{
	for (uint32_t i = 0; i < channels->epochs.count; i++)
		if (number <= channels->epochs.at[i].last)
			return channels->epochs.at[i].epoch;
	return channels->epoch;
}

void
channel_present(const struct channel *channel, char since[MESSAGE_ID_LEN + 1])
{
	const struct journal *journal = channel->channels->journal;
	uint64_t number = channel_newest(channel);
	uint64_t removed =
		journal->kind->newest_removed ? journal->kind->newest_removed(journal) : 0;

	if (number < removed)
		number = removed; /* it is the same, and nothing behind it was removed */
	if (number)
		message_id_write(since, epoch_of(channel->channels, number), number);
	else
		memcpy(since, CATCHUP_BEGINNING, sizeof(CATCHUP_BEGINNING));
}

bool
channel_catchup_is_far(const struct member *member)
{
	const struct channel *channel = member->channel;

	return channel->channels->journal->kind->read_page &&
		member->catchup->told < channel->history.forgotten;
}

/* ---- pages ---- */

struct page_key
channel_catchup_key(const struct member *member)
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

	if (end < key.upto && end != key.after) { /* it is not the last */
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
channel_catchup_page(struct member *member, size_t bytes)
{
	struct channel *channel = member->channel;
	struct page_cache *page_cache = &channel->channels->page_cache;
	struct page_key key = channel_catchup_key(member);
	struct page *page;

	if (key.after < channel->history.forgotten || key.after < channel->gap ||
		key.after < channel->channels->gap)
		key.incomplete = true;
	page = page_cache_find(page_cache, &key);
	if (page && page->ready)
		return page;
	key.kind = PAGE_LAST;
	key.upto = channel_newest(channel);
	page = page_cache_find(page_cache, &key);
	return page ? page : make_page(member, bytes, key);
}

/* ---- what is owed ---- */

struct member_owed {
	uint64_t number;
	uint64_t times;
};

void
member_catchup_free(struct member_catchup *catchup)
{
	free(catchup->owed);
}

void
member_owe(struct member *member, uint64_t number, uint64_t times)
{
	struct member_catchup *catchup = member->catchup;

	for (uint32_t i = 0; i < catchup->owed_count; i++)
		if (catchup->owed[i].number == number) {
			catchup->owed[i].times += times;
			return;
		}
	if (catchup->owed_count == catchup->owed_cap) {
		catchup->owed_cap = catchup->owed_cap ? 2 * catchup->owed_cap : 4;
		catchup->owed =
			chat_realloc(catchup->owed, catchup->owed_cap * sizeof(*catchup->owed));
	}
	catchup->owed[catchup->owed_count++] = (struct member_owed){number, times};
}

bool
member_is_owed_much(const struct member *member)
{
	return member->catchup && member->catchup->owed_count >= MEMBER_OWED_MOST;
}

/* A message of a page, found by what no string can hold: quotes that are not escaped. */
static struct chat_span
find_message(const struct page *page, uint64_t number)
{
	static const char begins[] = "{\"type\":\"message\",\"id\":\"",
			  follows[] = "\",\"sender\":";
	static const char next[] = ",{\"type\":\"message\"", last[] = "],\"complete\":";
	struct chat_span payload = block_frame_payload(page->block->bytes);
	const char *behind = payload.at + payload.len, *id, *end;
	char ending[MESSAGE_ID_LEN + sizeof(follows)];

	message_id_write(ending, 0, number);
	memcpy(ending + MESSAGE_ID_LEN, follows, sizeof(follows));
	id = memmem(payload.at, payload.len, ending + MESSAGE_ID_EPOCH_LEN,
		strlen(ending + MESSAGE_ID_EPOCH_LEN));
	if (!id)
		return (struct chat_span){0};
	end = memmem(id, (size_t)(behind - id), next, sizeof(next) - 1);
	if (!end)
		end = memmem(id, (size_t)(behind - id), last, sizeof(last) - 1);
	id -= MESSAGE_ID_EPOCH_LEN + sizeof(begins) - 1;
	return (struct chat_span){id, (size_t)(end - id)};
}

static void
member_say_again(struct member *member, struct chat_span text, uint64_t times)
{
	struct block *block = block_of_frame(CHAT_WS_TEXT, text);

	while (times--)
		conn_send_run(member->conn, block, 0, block->len);
	block_unref(block);
}

/* What it is owed of a page that it was sent, or that has none. */
static void
member_pay(struct member *member, const struct page *page)
{
	struct member_catchup *catchup = member->catchup;
	uint32_t left = 0;

	for (uint32_t i = 0; i < catchup->owed_count; i++) {
		const struct member_owed *owed = &catchup->owed[i];
		struct chat_span text = {0};

		if (owed->number > page->end)
			catchup->owed[left++] = *owed;
		else if (page->block)
			text = find_message(page, owed->number);
		if (text.len)
			member_say_again(member, text, owed->times);
	}
	catchup->owed_count = left;
}

/* ---- sending ---- */

void
member_tell(struct member *member, struct block *block)
{
	conn_raise_queue_limit(member->conn, block->len);
	conn_send_run(member->conn, block, 0, block->len);
	block_unref(block);
}

void
member_turn(struct member *member, const struct page *page)
{
	struct member_catchup *catchup = member->catchup;

	if (page->block)
		member_tell(member, block_ref(page->block));
	member_pay(member, page);
	catchup->told = page->end;
	catchup->complete = page->complete || page->block;
}

/* Who is there, where that has changed since it was told: it heard nothing of that. */
static void
member_tell_users(struct member *member)
{
	struct channel *channel = member->channel;
	struct page_cache *page_cache = &channel->channels->page_cache;
	struct page_key key = {
		.channel = channel->number, .upto = channel->changes, .kind = PAGE_USERS};
	struct page *page;

	if (member->catchup->announced == channel->announced)
		return;
	page = page_cache_find(page_cache, &key);
	if (!page) {
		page = page_cache_add(page_cache, &key);
		page_cache_fill(page_cache, page, channel_users(channel, NULL));
	}
	member_tell(member, block_ref(page->block));
}

void
member_go_live(struct member *member, const struct page *last)
{
	struct page page = *last;

	block_ref(page.block);
	member_tell_users(member); /* which may cost the page its place */
	member_tell(member, block_ref(page.block));
	member_pay(member, &page);
	block_unref(page.block);
	member->catchup = NULL;
	member->channel->live++;
}

uint32_t
channel_wanted(const struct channel *channel)
{
	const struct channels_limits *limits = &channel->channels->limits;

	return limits->history_keep < limits->history_replay ? limits->history_keep
							     : limits->history_replay;
}

bool
channel_is_to_recall(const struct channel *channel)
{
	struct journal *journal = channel->channels->journal;

	return !channel->recalled && !channel->history.count && channel_wanted(channel) &&
		journal->kind->read_newest &&
		journal->kind->message_count(journal, channel_name(channel));
}

void
member_await(struct member *member, struct member_catchup *catchup)
{
	*catchup = (struct member_catchup){
		.told = channel_newest(member->channel), .announced = member->channel->announced};
	member->catchup = catchup;
}

static struct block *
channel_replay(struct channel *channel, uint64_t upto)
{
	const struct channels_limits *limits = &channel->channels->limits;
	struct page_cache *page_cache = &channel->channels->page_cache;
	struct page_key key = {.channel = channel->number, .upto = upto, .kind = PAGE_REPLAY};
	struct page *page = page_cache_find(page_cache, &key);

	if (!page) {
		page = page_cache_add(page_cache, &key);
		page_cache_fill(page_cache, page,
			history_replay(&channel->history, upto, limits->history_replay,
				limits->history_replay_bytes));
	}
	return block_ref(page->block);
}

/* What was published since then is news to the member. */
static void
member_tell_news(struct member *member, uint64_t since)
{
	const struct history *history = &member->channel->history;

	for (uint32_t i = history_after(history, since); i < history->count; i++) {
		const struct entry *entry = history_at(history, i);

		conn_send_run(member->conn, entry->block, entry->at,
			entry->at + (uint32_t)block_frame_size(entry->block->bytes + entry->at));
	}
}

void
member_replay(struct member *member)
{
	struct channel *channel = member->channel;
	uint64_t upto = member->catchup ? member->catchup->told : channel_newest(channel);

	if (member->catchup)
		member_tell_users(member);
	member_tell(member, channel_replay(channel, upto));
	if (member->catchup)
		member_tell_news(member, upto);
	member->catchup = NULL;
	channel->live++;
}
