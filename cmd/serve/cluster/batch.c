/* Writes and reads batches. */
#include "serve/cluster/batch.h"

#include <string.h>

#include "chat/msg.h"
#include "message/user_id.h"
#include "serve/channel/encode.h"
#include "serve/channel/post.h"
#include "text/err.h"
#include "text/span.h"

size_t
batch_add(struct chat_buf *text, struct chat_span channel, const struct channel_post *post,
	int64_t now_ms)
{
	struct frame_place place;
	struct block *block = encode_message(block_new(0),
		&(struct outgoing_message){
			.id = CHAT_SPAN("-"),
			.sender = post->user,
			.content_json = post->content_json,
			.timestamp_ms = now_ms,
			.channel = channel,
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
	struct chat_span line = block_frame_payload(block->bytes + place.at);

	chat_buf_append_span(text, line);
	chat_buf_append(text, "\n", 1);
	block_unref(block);
	return line.len + 1;
}

/* Fills in the user. */
static int
read_user(struct batch_message *message, const struct chat_msg *msg, struct chat_err *err)
{
	const struct chat_json_value *id = &msg->value[CHAT_SLOT_SENDER_ID];
	struct chat_span name = msg->value[CHAT_SLOT_SENDER].raw;
	size_t len;

	if (!chat_msg_has(msg, CHAT_SLOT_SENDER_ID) || id->raw.len > NONCE_ID_MAX)
		return chat_fail(err, CHAT_BAD_MESSAGE, "no senderId");
	if (chat_user_id_check(id, err) < 0)
		return -1;
	len = chat_json_unescape(id, message->user_id, sizeof(message->user_id));
	message->user_id[len] = '\0';
	message->user = (struct user){
		.id = message->user_id,
		.id_len = (uint32_t)len,
		.name_json = name.at,
		.name_json_len = (uint32_t)name.len,
	};
	return 0;
}

/* Fills in the channel. */
static int
read_channel(struct batch_message *message, const struct chat_msg *msg, struct chat_err *err)
{
	size_t len = chat_msg_has(msg, CHAT_SLOT_CHANNEL)
		? chat_json_unescape(&msg->value[CHAT_SLOT_CHANNEL], message->channel_bytes,
			  sizeof(message->channel_bytes))
		: 0;

	message->channel = (struct chat_span){message->channel_bytes, len};
	if (len > CHAT_CHANNEL_MAX || !chat_channel_valid(message->channel))
		return chat_fail(err, CHAT_BAD_MESSAGE, "no channel");
	return 0;
}

int
batch_next(struct chat_span *rest, struct batch_message *message, struct chat_err *err)
{
	const char *newline = memchr(rest->at, '\n', rest->len);
	struct chat_span line = {rest->at, newline ? (size_t)(newline - rest->at) : rest->len};
	struct chat_msg msg;

	*rest = newline ? (struct chat_span){newline + 1, rest->len - line.len - 1}
			: (struct chat_span){rest->at + rest->len, 0};
	msg.has = 0;
	if (chat_msg_read(&msg, line, CHAT_FROM_SERVER, err) < 0)
		return -1;
	if (msg.type != CHAT_TYPE_MESSAGE)
		return chat_fail(err, CHAT_BAD_MESSAGE, "not a message");
	if (read_channel(message, &msg, err) < 0)
		return -1;
	message->post.user = &message->user;
	message->post.member = NULL;
	message->post.owner = 0;
	channel_post_fill(&message->post, &msg);
	return read_user(message, &msg, err);
}
