/*
 * A channel. On the path of a message it is the middle: from `channel_post` (a checked message gets
 * its id and time and is encoded once) over the journal to `channel_publish` (every member's
 * connection gets the same bytes).
 */
#include "serve/channel/channel.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/channel/member_index.h"
#include "serve/channel/since.h"

#define BLOCK_FULL \
	((uint32_t)1 << 20) /* bytes after which a tick's next message begins another block */
#define PENDING_KEPT 1024 /* places in the list of a channel in which nothing is pending */

/* ---- the stream: what is said, until it is published ---- */

/* The block that grows is finished: from now on it stays where it is. */
static void
channel_seal(struct channel *channel)
{
	struct pending_block *last;

	if (!channel->open)
		return;
	last = &channel->blocks[channel->block_count - 1];
	last->block = block_trim(last->block);
	for (uint32_t i = channel->pending_count; i-- && !channel->pending[i].entry.block;)
		channel->pending[i].entry.block = last->block;
	channel->sealed += last->block->len;
	channel->open = false;
}

/* The block that this tick's frames are appended to. */
static struct pending_block *
channel_open_block(struct channel *channel)
{
	struct pending_block *last;

	if (channel->open && channel->blocks[channel->block_count - 1].block->len < BLOCK_FULL)
		return &channel->blocks[channel->block_count - 1];
	channel_seal(channel);
	if (channel->block_count == channel->block_cap) {
		channel->block_cap = channel->block_cap ? 2 * channel->block_cap : 1;
		channel->blocks = chat_realloc(
			channel->blocks, channel->block_cap * sizeof(*channel->blocks));
	}
	last = &channel->blocks[channel->block_count++];
	last->block = block_new(512);
	last->ticket = channel->channels->ticket;
	channel->open = true;
	if (channel->next_dirty == channel) {
		channel->next_dirty = channel->channels->dirty;
		channel->channels->dirty = channel;
	}
	return last;
}

static struct pending *
channel_add_pending(struct channel *channel)
{
	if (channel->pending_count == channel->pending_cap) {
		channel->pending_cap = channel->pending_cap ? 2 * channel->pending_cap : 4;
		channel->pending = chat_realloc(
			channel->pending, channel->pending_cap * sizeof(*channel->pending));
	}
	return &channel->pending[channel->pending_count++];
}

/* About users, not said by one: the frame at this offset of the open block, which was so long. */
static uint64_t
channel_announced(struct channel *channel, uint32_t at, uint32_t len_before)
{
	channel->announced++;
	channel->channels->pending_bytes +=
		channel->blocks[channel->block_count - 1].block->len - len_before;
	return channel->sealed + at;
}

uint64_t
channel_announce(struct channel *channel, const struct user *user, bool online)
{
	struct pending_block *last = channel_open_block(channel);
	uint32_t at, len = last->block->len;

	last->block = encode_user_status(last->block, user, online, channel_name(channel), &at);
	return channel_announced(channel, at, len);
}

uint64_t
channel_announce_crowd(struct channel *channel)
{
	struct pending_block *last = channel_open_block(channel);
	uint32_t at, len = last->block->len;

	last->block =
		encode_unlisted(last->block, channel->roster.present, channel_name(channel), &at);
	return channel_announced(channel, at, len);
}

static uint64_t
sender_of(const struct channel_post *post)
{
	return post->member ? post->member->serial : 0;
}

static struct pending *
channel_append(struct channel *channel, const struct channel_post *post)
{
	struct channels *channels = channel->channels;
	struct pending_block *last = channel_open_block(channel);
	struct pending *pending = channel_add_pending(channel);
	uint32_t len = last->block->len;
	char id[MESSAGE_ID_LEN + 1];
	struct frame_place place;

	channel->timestamp_ms = clock_unix_after_ms(channels->clock, channel->timestamp_ms);
	pending->entry.number = ++channels->sequence;
	message_id_write(id, channels->epoch, channels->sequence);
	last->block = encode_message(last->block,
		&(struct outgoing_message){
			.id = {id, MESSAGE_ID_LEN},
			.sender = post->user,
			.content_json = post->content_json,
			.timestamp_ms = channel->timestamp_ms,
			.channel = channel_name(channel),
			.nonce_json = post->nonce_json,
			.reply_to_json = post->reply_to_json,
			.via_json = post->via_json,
			.hops = post->hops,
			.file_name_json = post->file_name_json,
			.file_type_json = post->file_type_json,
			.file_size_json = post->file_size_json,
			.file_data_json = post->file_data_json,
		},
		&place);
	pending->entry.block = NULL;
	pending->entry.at = place.at;
	pending->entry.data_at = place.data_at;
	pending->entry.data_len = place.data_len;
	pending->nonce = NULL;
	pending->sender = sender_of(post);
	pending->ticket = channels->ticket = channels->journal->kind->append(channels->journal,
		&(struct journal_line){
			.epoch = channels->epoch,
			.number = channels->sequence,
			.timestamp_ms = channel->timestamp_ms,
			.channel = channel_name(channel),
		},
		block_frame_payload(last->block->bytes + place.at));
	last->ticket = channels->ticket;
	channels->pending_bytes += last->block->len - len + PENDING_BYTES;
	return pending;
}

/* The number in the id of the message in this frame, which encode_message wrote. */
static uint64_t
frame_number(const struct block *block, uint32_t at)
{
	static const char before[] = "{\"type\":\"message\",\"id\":\"";
	struct chat_span text = block_frame_payload(block->bytes + at);
	uint64_t epoch, number = 0;

	message_id_read(
		(struct chat_span){text.at + sizeof(before) - 1, MESSAGE_ID_LEN}, &epoch, &number);
	return number;
}

/* A message of everybody's once more for this member, in its place. */
static void
member_repeat(struct member *member, struct block *block, uint32_t at, uint64_t times)
{
	uint64_t number = member->catchup ? frame_number(block, at) : 0;

	if (!member_has_passed(member, number)) {
		member_owe(member, number, times);
		return;
	}
	while (times--)
		conn_send_run(member->conn, block, at,
			at + (uint32_t)block_frame_size(block->bytes + at));
}

/* The first message again; where it waits, it will come with everybody's, unless it fails. */
static int
channel_post_again(const struct channel_post *post, struct nonce *nonce, struct chat_err *err)
{
	uint32_t at;
	struct block *block = nonce_block(nonce, &at);

	if (post->member && member_is_owed_much(post->member))
		return chat_fail(err, CHAT_RATE_LIMITED,
			"too much is said again before its place in the past is reached");
	if (!block)
		nonce_say_again(nonce, sender_of(post));
	else if (post->member)
		member_repeat(post->member, block, at, 1);
	return 0;
}

static struct pending *
channel_post_new(struct channel *channel, const struct channel_post *post)
{
	post->user->active_ms = clock_unix_ms(channel->channels->clock);
	channel->channels->messages++;
	return channel_append(channel, post);
}

/* With a nonce. */
static int
channel_post_once(struct channel *channel, const struct channel_post *post, struct chat_err *err)
{
	struct nonces *nonces = &channel->channels->nonces;
	struct chat_span id = {post->user->id, post->user->id_len};
	struct nonce_key key = nonce_key(channel_name(channel), id, post->nonce);
	struct nonce *nonce = nonces_find(nonces, key);
	struct nonce_message message = {
		.owner = post->owner,
		.digest = channel_post_digest(post),
		.sender = sender_of(post),
	};

	if (!nonce)
		channel_post_new(channel, post)->nonce = nonces_add(nonces, key, &message);
	else if (nonce_digest(nonce) != message.digest)
		return chat_fail(err, CHAT_NONCE_REUSED, "another message had this nonce");
	else
		return channel_post_again(post, nonce, err);
	return 0;
}

int
channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err)
{
	if (post->nonce_json.len)
		return channel_post_once(channel, post, err);
	channel_post_new(channel, post);
	return 0;
}

/* ---- publishing ---- */

/* A newcomer does not get its own userStatus: its run is cut in two around that frame. */
static void
member_deliver_around(struct member *member, struct block *block, uint32_t at)
{
	uint32_t end = at + (uint32_t)block_frame_size(block->bytes + at);

	if (at > 0)
		conn_send_run(member->conn, block, 0, at);
	if (end < block->len)
		conn_send_run(member->conn, block, end, block->len);
	member->skip = MEMBER_SKIPS_NOTHING;
}

static void
channel_deliver(struct channel *channel, struct block *block)
{
	struct member *member;

	for (member = channel->members; member; member = member->next) {
		if (member->catchup)
			continue;
		if (member->skip - channel->published < block->len)
			member_deliver_around(
				member, block, (uint32_t)(member->skip - channel->published));
		else
			conn_send_run(member->conn, block, 0, block->len);
	}
}

static void
channel_watch(struct channel *channel, const struct block *block)
{
	struct watcher *watcher = &channel->channels->watcher;

	for (uint32_t at = 0; watcher->saw && at < block->len;
		at += (uint32_t)block_frame_size(block->bytes + at))
		watcher->saw(watcher->arg, block_frame_payload(block->bytes + at));
}

static void
pending_publish(struct channel *channel, const struct pending *pending)
{
	struct channels *channels = channel->channels;

	channel_remember(channel, &pending->entry);
	if (pending->nonce)
		nonces_publish(&channels->nonces, pending->nonce, pending->entry.block,
			pending->entry.at, clock_now_ms(channels->clock));
}

/* Who said a message several times before it came to everybody gets it as often. */
static void
channel_repeat(struct channel *channel, struct member_index *members, const struct pending *pending)
{
	const struct entry *entry = &pending->entry;

	for (const struct nonce_sender *said = nonce_senders(pending->nonce); said;
		said = said->next) {
		struct member *member =
			said->count > 1 ? member_index_find(members, channel, said->sender) : NULL;

		if (member)
			member_repeat(member, entry->block, entry->at, said->count - 1);
	}
}

/*
 * Of these blocks each member gets all at once, perhaps because the disk has taken its time: who
 * keeps up with the channel is not to be dropped for it.
 */
static void
channel_spare_members(struct channel *channel, uint32_t count)
{
	struct member *member;
	size_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += channel->blocks[i].block->len;
	if (bytes > BLOCK_FULL)
		for (member = channel->members; member; member = member->next)
			conn_raise_queue_limit(member->conn, bytes);
}

static void
channel_free_pending(struct channel *channel)
{
	free(channel->pending);
	channel->pending = NULL;
	channel->pending_cap = 0;
}

/* The first blocks are the journal's now: they go to everybody. */
static void
channel_publish(struct channel *channel, uint32_t count)
{
	struct member_index members = {0};
	uint32_t kept = 0;

	channel_spare_members(channel, count);
	for (uint32_t i = 0; i < count; i++) {
		struct block *block = channel->blocks[i].block;

		channel_deliver(channel, block);
		channel_watch(channel, block);
		for (; kept < channel->pending_count && channel->pending[kept].entry.block == block;
			kept++) {
			if (channel->pending[kept].nonce)
				channel_repeat(channel, &members, &channel->pending[kept]);
			pending_publish(channel, &channel->pending[kept]);
		}
		channel->published += block->len;
		channel->channels->pending_bytes -= block->len;
		block_unref(block);
	}
	member_index_free(&members);
	channel->channels->pending_bytes -= kept * PENDING_BYTES;
	channel->channels->deliveries += (uint64_t)kept * channel->live;
	channel->block_count -= count;
	channel->pending_count -= kept;
	memmove(channel->blocks, channel->blocks + count,
		channel->block_count * sizeof(*channel->blocks));
	if (kept)
		memmove(channel->pending, channel->pending + kept,
			channel->pending_count * sizeof(*channel->pending));
	if (!channel->pending_count && channel->pending_cap > PENDING_KEPT)
		channel_free_pending(channel);
}

/* The tick ends: the open block is finished, and those that were kept are published. */
static void
channel_tick(struct channel *channel)
{
	uint32_t count = 0;

	channel_seal(channel);
	while (count < channel->block_count &&
		channel->blocks[count].ticket <= channel->channels->durable)
		count++;
	if (count)
		channel_publish(channel, count);
}

/* It is on no list, or on the one of those that wait already. */
static void
channel_await(struct channel *channel)
{
	struct channels *channels = channel->channels;

	channel_tick(channel);
	if (channel->block_count && channel->next_waiting == channel) {
		channel->next_waiting = channels->waiting;
		channels->waiting = channel;
	}
	channel_forget(channel);
}

/* Those that wait are looked at where the journal keeps more than the last time. */
static void
channels_retry(struct channels *channels)
{
	struct channel *channel = channels->waiting, *next;

	if (channels->tried == channels->durable)
		return;
	channels->tried = channels->durable;
	channels->waiting = NULL;
	for (; channel; channel = next) {
		next = channel->next_waiting;
		channel->next_waiting = channel;
		channel_await(channel);
	}
}

void
channels_publish(struct channels *channels)
{
	struct channel *channel = channels->dirty, *next;

	channels->dirty = NULL;
	for (; channel; channel = next) {
		next = channel->next_dirty;
		channel->next_dirty = channel;
		channel_await(channel);
	}
	channels_retry(channels);
}
