/*
 * The last steps of a message: when the journal has stored it, its pending block (apply.c) is added
 * to the queue of every live member's connection (net/conn.h), and the message to the history.
 * server_publish calls channels_publish after each commit of the journal.
 */
#include "serve/channel/publish.h"

#include "serve/channel/channel.h"
#include "serve/channel/echo.h"
#include "serve/channel/member_index.h"

/* ---- to the members ---- */

/*
 * Sends the first pending block without the announcements that the member knows. message: the first
 * message that is not before the block.
 */
static void
member_send_unknown(
	struct member *member, const struct pending_message *message, struct block *block)
{
	const struct pending *pending = &member->channel->pending;
	const struct pending_message *end = pending->messages + pending->message_count;
	uint32_t from = 0;

	for (uint32_t at = 0, next; at < block->len && pending->published + at < member->knows;
		at = next) {
		next = at + (uint32_t)block_frame_size(block->bytes + at);
		if (message < end && message->entry.block == block && message->entry.at == at) {
			message++;
			continue;
		}
		if (from < at)
			conn_send_run(member->conn, block, from, at);
		from = next;
	}
	if (from < block->len)
		conn_send_run(member->conn, block, from, block->len);
}

static void
channel_send(struct channel *channel, const struct pending_message *message, struct block *block)
{
	uint64_t position = channel->pending.published;
	struct member *member;

	for (member = channel->members.first; member; member = member->next) {
		if (member->catchup)
			continue;
		if (member->knows > position)
			member_send_unknown(member, message, block);
		else
			conn_send_run(member->conn, block, 0, block->len);
	}
}

static void
channel_notify_watcher(struct channel *channel, const struct block *block)
{
	const struct watcher *watcher = &channel->channels->watcher;

	for (uint32_t at = 0; watcher->on_event && at < block->len;
		at += (uint32_t)block_frame_size(block->bytes + at))
		watcher->on_event(watcher->arg, block_frame_payload(block->bytes + at));
}

/*
 * Raises the limits of the members' queues if these blocks exceed PENDING_BLOCK_FULL together. If
 * the disk is slow, the blocks of several ticks are published at once, and members that keep up
 * must not be dropped for that.
 */
static void
channel_spare_members(struct channel *channel, uint32_t count)
{
	struct member *member;
	size_t bytes = 0;

	for (uint32_t i = 0; i < count; i++)
		bytes += channel->pending.blocks[i].block->len;
	if (bytes > PENDING_BLOCK_FULL)
		for (member = channel->members.first; member; member = member->next)
			conn_raise_queue_limit(member->conn, bytes);
}

/* ---- messages ---- */

/* Sends echoes to the members that posted the message more than once while it was pending. */
static void
channel_echo(struct channel *channel, struct member_index *members,
	const struct pending_message *message)
{
	const struct nonce_sender *sender;

	for (sender = nonce_senders(message->nonce); sender; sender = sender->next) {
		struct member *member = sender->count > 1
			? member_index_find(members, channel, sender->sender)
			: NULL;

		if (member)
			member_echo(
				member, message->entry.block, message->entry.at, sender->count - 1);
	}
}

/*
 * Adds a message that was sent to the members to the history and to the nonces, and sends its
 * echoes.
 */
static void
channel_record(struct channel *channel, struct member_index *members,
	const struct pending_message *message)
{
	struct channels *channels = channel->channels;

	if (message->nonce)
		channel_echo(channel, members, message);
	channel_history_add(channel, &message->entry);
	if (message->nonce)
		nonces_publish(&channels->nonces, message->nonce, message->entry.block,
			message->entry.at, clock_now_ms(channels->clock));
}

/* ---- blocks ---- */

/* Publishes the first `count` pending blocks. */
static void
channel_publish(struct channel *channel, uint32_t count)
{
	struct channels *channels = channel->channels;
	struct pending *pending = &channel->pending;
	struct member_index members = {0};
	uint32_t done = 0;

	channel_spare_members(channel, count);
	for (uint32_t i = 0; i < count; i++) {
		struct block *block = pending->blocks[i].block;

		channel_send(channel, &pending->messages[done], block);
		channel_notify_watcher(channel, block);
		while (done < pending->message_count &&
			pending->messages[done].entry.block == block)
			channel_record(channel, &members, &pending->messages[done++]);
		pending->published += block->len;
		channels->pending_bytes -= block->len;
		block_unref(block);
	}
	member_index_free(&members);
	channels->pending_bytes -= done * PENDING_MESSAGE_BYTES;
	channels->ever.deliveries += (uint64_t)done * channel->members.live;
	pending_remove(pending, count, done);
}

/* Publishes the first blocks, as long as all messages of a block are durable. */
static void
channel_publish_durable(struct channel *channel)
{
	const struct pending *pending = &channel->pending;
	uint32_t count = 0;

	while (count < pending->block_count &&
		pending->blocks[count].ticket <= channel->channels->durable)
		count++;
	if (count)
		channel_publish(channel, count);
}

/* Ends the tick of a channel that was removed from the dirty list, or from the waiting list. */
static void
channel_end_tick(struct channel *channel)
{
	struct channels *channels = channel->channels;

	pending_seal(&channel->pending);
	channel_publish_durable(channel);
	if (channel->pending.block_count && channel->next_waiting == channel) {
		channel->next_waiting = channels->waiting;
		channels->waiting = channel;
	}
	channel_release(channel);
}

/* Publishes the blocks that have become durable in the waiting channels. */
static void
channels_publish_waiting(struct channels *channels)
{
	struct channel *channel = channels->waiting, *next;

	if (channels->tried == channels->durable)
		return;
	channels->tried = channels->durable;
	channels->waiting = NULL;
	for (; channel; channel = next) {
		next = channel->next_waiting;
		channel->next_waiting = channel;
		channel_end_tick(channel);
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
		channel_end_tick(channel);
	}
	channels_publish_waiting(channels);
}
