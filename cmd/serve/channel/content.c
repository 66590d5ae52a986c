/* What is said in a channel, taken from a message and told apart from what was said before. */
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "text/hash.h"

static struct chat_span
raw(const struct chat_msg *msg, enum chat_slot slot)
{
	return chat_msg_has(msg, slot) ? msg->value[slot].raw : (struct chat_span){0};
}

static struct chat_span
content(const struct chat_msg *msg)
{
	if (msg->type == CHAT_TYPE_FILE)
		return raw(msg, CHAT_SLOT_FILE_NAME);
	return raw(msg, msg->type == CHAT_TYPE_MESSAGE ? CHAT_SLOT_CONTENT : CHAT_SLOT_TEXT);
}

void
channel_post_fill(struct channel_post *post, const struct chat_msg *msg)
{
	post->nonce_json = raw(msg, CHAT_SLOT_NONCE);
	if (post->nonce_json.len)
		post->nonce = (struct chat_span){post->nonce_bytes,
			chat_json_unescape(&msg->value[CHAT_SLOT_NONCE], post->nonce_bytes,
				sizeof(post->nonce_bytes))};
	post->reply_to_json = raw(msg, CHAT_SLOT_REPLY_TO);
	post->via_json = raw(msg, CHAT_SLOT_VIA);
	post->hops = 0;
	if (chat_msg_has(msg, CHAT_SLOT_HOPS))
		chat_json_int64(msg->value[CHAT_SLOT_HOPS].raw, &post->hops);
	post->file_name_json = raw(msg, CHAT_SLOT_FILE_NAME);
	post->file_type_json = raw(msg, CHAT_SLOT_FILE_TYPE);
	post->file_size_json = raw(msg, CHAT_SLOT_FILE_SIZE);
	post->file_data_json = raw(msg, CHAT_SLOT_FILE_DATA);
	post->content_json = content(msg);
}

/* Of a string as it is decoded, so that other escapes are the same; of a number as it stands. */
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
