/* Sends the newest messages of a channel to a member that joined without `since`. */
#include "serve/channel/replay.h"

#include "serve/channel/channel.h"
#include "serve/channel/since.h"

uint32_t
channel_replay_most(const struct channel *channel)
{
	const struct channels_limits *limits = &channel->channels->limits;

	return limits->history_keep < limits->history_replay ? limits->history_keep
							     : limits->history_replay;
}

bool
channel_needs_newest_read(const struct channel *channel)
{
	struct journal *journal = channel->channels->journal;

	return !channel->newest_read && !channel->history.count && channel_replay_most(channel) &&
		journal->kind->read_newest &&
		journal->kind->message_count(journal, channel_name(channel));
}

void
member_await_newest(struct member *member, struct member_catchup *catchup)
{
	*catchup = (struct member_catchup){
		.told = channel_newest_number(member->channel),
		.announced = member->channel->presence.announced,
	};
	member->catchup = catchup;
}

/*
 * Returns a block with the newest messages up to this number, within the limits of a replay
 * (--history, --history-bytes). The caller owns the returned reference. All channels without
 * messages share one page: number 0 is no channel's.
 */
static struct block *
channel_replay_block(struct channel *channel, uint64_t upto)
{
	const struct channels_limits *limits = &channel->channels->limits;
	struct page_cache *page_cache = &channel->channels->page_cache;
	struct page_key key = {.kind = PAGE_REPLAY};
	struct page *page;

	if (channel->history.count) {
		key.channel = channel->number;
		key.upto = upto;
	}
	page = page_cache_find(page_cache, &key);
	if (!page) {
		page = page_cache_add(page_cache, &key);
		page_cache_fill(page_cache, page,
			history_replay(&channel->history, upto, limits->history_replay,
				limits->history_replay_bytes));
	}
	return block_ref(page->block);
}

/* Sends the messages with higher numbers than this one, each as it was published. */
static void
member_send_after(struct member *member, uint64_t number)
{
	const struct history *history = &member->channel->history;

	for (uint32_t i = history_after(history, number); i < history->count; i++) {
		const struct history_entry *entry = history_at(history, i);

		member_send_frame(member, entry->block, entry->at, 1);
	}
}

void
member_replay(struct member *member)
{
	struct channel *channel = member->channel;
	uint64_t upto = member->catchup ? member->catchup->told : channel_newest_number(channel);

	if (member->catchup)
		member_update_users(member);
	member_send_block(member, channel_replay_block(channel, upto));
	if (member->catchup)
		member_send_after(member, upto);
	member->catchup = NULL;
	channel->members.live++;
}
