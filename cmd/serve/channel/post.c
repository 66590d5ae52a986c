/*
 * The first steps of a message: the session has checked it; here it is appended to the block of
 * this tick and to the journal. publish.c does the next steps, when the journal has stored the
 * message.
 */
#include "serve/channel/post.h"

#include <stdlib.h>
#include <string.h>

#include "serve/channel/channel.h"
#include "serve/channel/echo.h"
#include "serve/channel/encode.h"
#include "text/buf.h"
#include "text/err.h"
#include "text/hash.h"

/* ---- the content ---- */

static struct chat_span
raw_json(const struct chat_msg *msg, enum chat_slot slot)
{
	return chat_msg_has(msg, slot) ? msg->value[slot].raw : (struct chat_span){0};
}

static struct chat_span
content_json(const struct chat_msg *msg)
{
	if (msg->type == CHAT_TYPE_FILE)
		return raw_json(msg, CHAT_SLOT_FILE_NAME);
	return raw_json(msg, msg->type == CHAT_TYPE_MESSAGE ? CHAT_SLOT_CONTENT : CHAT_SLOT_TEXT);
}

void
channel_post_fill(struct channel_post *post, const struct chat_msg *msg)
{
	post->nonce_json = raw_json(msg, CHAT_SLOT_NONCE);
	if (post->nonce_json.len)
		post->nonce = (struct chat_span){post->nonce_bytes,
			chat_json_unescape(&msg->value[CHAT_SLOT_NONCE], post->nonce_bytes,
				sizeof(post->nonce_bytes))};
	post->reply_to_json = raw_json(msg, CHAT_SLOT_REPLY_TO);
	post->via_json = raw_json(msg, CHAT_SLOT_VIA);
	post->hops = 0;
	if (chat_msg_has(msg, CHAT_SLOT_HOPS))
		chat_json_int64(msg->value[CHAT_SLOT_HOPS].raw, &post->hops);
	post->file_name_json = raw_json(msg, CHAT_SLOT_FILE_NAME);
	post->file_type_json = raw_json(msg, CHAT_SLOT_FILE_TYPE);
	post->file_size_json = raw_json(msg, CHAT_SLOT_FILE_SIZE);
	post->file_data_json = raw_json(msg, CHAT_SLOT_FILE_DATA);
	post->content_json = content_json(msg);
}

/* Returns a hash of a decoded string, or of a number as it is written; 0 if the value is absent. */
static uint64_t
json_digest(struct chat_span json)
{
	struct chat_json_value string = {.kind = CHAT_JSON_STRING, .raw = json, .escaped = true};
	uint64_t digest;
	char *decoded;

	if (!json.len)
		return 0;
	if (*json.at == '"' && !memchr(json.at, '\\', json.len))
		return chat_hash(json.at + 1, json.len - 2);
	if (*json.at != '"')
		return chat_hash(json.at, json.len);
	decoded = chat_alloc(json.len);
	digest = chat_hash(decoded, chat_json_unescape(&string, decoded, json.len));
	free(decoded);
	return digest;
}

uint64_t
channel_post_digest(const struct channel_post *post)
{
	uint64_t parts[] = {
		json_digest(post->content_json),
		json_digest(post->reply_to_json),
		json_digest(post->file_name_json),
		json_digest(post->file_type_json),
		json_digest(post->file_size_json),
		json_digest(post->file_data_json),
	};

	return chat_hash(parts, sizeof(parts));
}

/* ---- a new message ---- */

/* Gives the message an id and a time, and appends it to the block. */
static void
post_encode(struct channel *channel, const struct channel_post *post, struct pending_block *last,
	struct frame_place *place)
{
	struct channels *channels = channel->channels;
	char id[MESSAGE_ID_LEN + 1];

	channel->timestamp_ms = clock_unix_after_ms(channels->clock, channel->timestamp_ms);
	message_id_write(id, channels->epoch, ++channels->sequence);
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
 * Appends the newest message, with its frame at this offset of the block, to the journal. Returns
 * its ticket.
 */
static uint64_t
post_journal(struct channel *channel, const struct block *block, uint32_t at)
{
	struct channels *channels = channel->channels;

	channels->ticket = channels->journal->kind->append(channels->journal,
		&(struct journal_line){
			.epoch = channels->epoch,
			.number = channels->sequence,
			.timestamp_ms = channel->timestamp_ms,
			.channel = channel_name(channel),
		},
		block_frame_payload(block->bytes + at));
	return channels->ticket;
}

static uint64_t
sender_of(const struct channel_post *post)
{
	return post->member ? post->member->serial : 0;
}

static struct pending_message *
post_new(struct channel *channel, const struct channel_post *post)
{
	struct channels *channels = channel->channels;
	struct pending_block *last = pending_open(&channel->pending, channels->ticket);
	struct pending_message *message = pending_add(&channel->pending);
	uint32_t len = last->block->len;
	struct frame_place place;

	channel_mark_dirty(channel);
	post->user->active_ms = clock_unix_ms(channels->clock);
	channels->ever.messages++;
	post_encode(channel, post, last, &place);
	message->entry.block = NULL; /* until the block is sealed */
	message->entry.at = place.at;
	message->entry.data_at = place.data_at;
	message->entry.data_len = place.data_len;
	message->entry.number = channels->sequence;
	message->nonce = NULL;
	message->sender = sender_of(post);
	message->ticket = last->ticket = post_journal(channel, last->block, place.at);
	channels->pending_bytes += last->block->len - len + PENDING_MESSAGE_BYTES;
	return message;
}

/* ---- with a nonce ---- */

/*
 * Handles a nonce that was used for the same content. A published message is echoed now. For a
 * pending message the sender is recorded, and is sent an echo when the message is published
 * (publish.c), or an error when it fails (rollback.c).
 */
static int
post_duplicate(const struct channel_post *post, struct nonce *nonce, struct chat_err *err)
{
	uint32_t at;
	struct block *block = nonce_block(nonce, &at);

	if (post->member && member_is_owed_many_echoes(post->member))
		return chat_fail(err, CHAT_RATE_LIMITED,
			"too much is said again before its place in the past is reached");
	if (!block)
		nonce_add_sender(nonce, sender_of(post));
	else if (post->member)
		member_echo(post->member, block, at, 1);
	return 0;
}

static int
post_with_nonce(struct channel *channel, const struct channel_post *post, struct chat_err *err)
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
		post_new(channel, post)->nonce = nonces_add(nonces, key, &message);
	else if (nonce_digest(nonce) != message.digest)
		return chat_fail(err, CHAT_NONCE_REUSED, "another message had this nonce");
	else
		return post_duplicate(post, nonce, err);
	return 0;
}

int
channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err)
{
	if (post->nonce_json.len)
		return post_with_nonce(channel, post, err);
	post_new(channel, post);
	return 0;
}
