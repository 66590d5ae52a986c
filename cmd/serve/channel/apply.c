/*
 * The second step of a message: the log has given it a place; here it becomes a frame of its
 * channel. publish.c does the last steps, when the journal has stored the message.
 */
#include "serve/channel/apply.h"

#include "serve/channel/channel.h"
#include "serve/channel/encode.h"

/* Appends the message to the block, with its id and time. */
static void
apply_encode(struct channel *channel, const struct log_entry *entry, struct pending_block *last,
	struct frame_place *place)
{
	const struct channel_post *post = entry->post;
	char id[MESSAGE_ID_LEN + 1];

	message_id_write(id, entry->place.epoch, entry->place.number);
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
		place);
}

/*
 * Appends the message, with its frame at this offset of the block, to the journal. Returns its
 * ticket.
 */
static uint64_t
apply_journal(struct channel *channel, const struct log_entry *entry, const struct block *block,
	uint32_t at)
{
	struct channels *channels = channel->channels;

	channels->ticket = channels->journal->kind->append(channels->journal,
		&(struct journal_line){
			.epoch = entry->place.epoch,
			.number = entry->place.number,
			.timestamp_ms = channel->timestamp_ms,
			.channel = channel_name(channel),
		},
		block_frame_payload(block->bytes + at));
	return channels->ticket;
}

struct pending_message *
channel_apply(struct channel *channel, const struct log_entry *entry)
{
	struct channels *channels = channel->channels;
	struct pending_block *last = pending_open(&channel->pending, channels->ticket);
	struct pending_message *message = pending_add(&channel->pending);
	uint32_t len = last->block->len;
	struct frame_place place;

	channel_mark_dirty(channel);
	entry->post->user->active_ms = entry->posted_ms;
	channels->ever.messages++;
	channels->sequence = entry->place.number;
	channel->timestamp_ms = clock_after_ms(entry->posted_ms, channel->timestamp_ms);
	apply_encode(channel, entry, last, &place);
	message->entry.block = NULL; /* until the block is sealed */
	message->entry.at = place.at;
	message->entry.data_at = place.data_at;
	message->entry.data_len = place.data_len;
	message->entry.number = entry->place.number;
	message->nonce = NULL;
	message->sender = entry->sender;
	message->ticket = last->ticket = apply_journal(channel, entry, last->block, place.at);
	channels->pending_bytes += last->block->len - len + PENDING_MESSAGE_BYTES;
	return message;
}
