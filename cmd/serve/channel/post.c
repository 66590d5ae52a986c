/*
 * The first step of a message: the session has checked it; here it is proposed, and given its place
 * in the log, or it is found that its nonce was used. apply.c does the next steps.
 */
#include "serve/channel/post.h"

#include <stdlib.h>
#include <string.h>

#include "serve/channel/apply.h"
#include "serve/channel/channel.h"
#include "serve/channel/echo.h"
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
	post->nonce = (struct chat_span){0};
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

/* ---- to propose ---- */

uint64_t
channel_post_sender(const struct channel_post *post)
{
	return post->member ? post->member->serial : 0;
}

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
		nonce_add_sender(nonce, channel_post_sender(post));
	else if (post->member)
		member_echo(post->member, block, at, 1);
	return 0;
}

/* Returns the number of the next message. It must be applied at once. */
static uint64_t
next_number(const struct channels *channels)
{
	struct journal *journal = channels->journal;

	return journal->kind->next_number ? journal->kind->next_number(journal)
					  : channels->sequence + channels->step;
}

/*
 * Gives a message its place, and applies it. The log of this server has no other writer
 * than its loops, and a channel is posted to on one of them, so the order in which its messages are
 * posted is their order in the log.
 */
static struct pending_message *
post_place(struct channel *channel, const struct channel_post *post)
{
	const struct channels *channels = channel->channels;
	struct log_entry entry = {
		.place = {channels->epoch, next_number(channels)},
		.posted_ms = clock_unix_ms(channels->clock),
		.post = post,
		.sender = channel_post_sender(post),
	};

	return channel_apply(channel, &entry);
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
		.sender = channel_post_sender(post),
	};

	if (!nonce)
		post_place(channel, post)->nonce = nonces_add(nonces, key, &message);
	else if (nonce_digest(nonce) != message.digest)
		return chat_fail(err, CHAT_NONCE_REUSED, "another message had this nonce");
	else
		return post_duplicate(post, nonce, err);
	return 0;
}

int
channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err)
{
	struct channel_log *log = channel->channels->log;

	if (log)
		return log->propose(log, channel, post, err);
	if (post->nonce_json.len)
		return post_with_nonce(channel, post, err);
	post_place(channel, post);
	return 0;
}
