/*
 * Any bytes as what comes from the nats-servers: an entry of the stream, a call of the roll. What
 * is accepted keeps the rules of the server's own.
 */
#include <string.h>

#include "fuzz.h"
#include "message/username.h"
#include "serve/channel/post.h"
#include "serve/cluster/batch.h"
#include "serve/cluster/roll.h"
#include "text/span.h"

static void
check_batch(struct chat_span text)
{
	struct batch_message message, again;
	struct chat_buf written = {0};
	struct chat_err err;

	for (int i = 0; text.len && i < BATCH_MESSAGES_MAX; i++) {
		struct chat_span before = text, rest;

		if (batch_next(&text, &message, &err) == 0) {
			need(message.user.id_len > 0 && message.post.content_json.len > 0);
			need(chat_channel_valid(message.channel));
			batch_add(&written, message.channel, &message.post, 1);
			rest = chat_buf_span(&written);
			need(batch_next(&rest, &again, &err) == 0 && !rest.len);
			need(channel_post_digest(&message.post) ==
				channel_post_digest(&again.post));
			need(chat_span_equal(message.post.nonce, again.post.nonce));
			written.len = 0;
		}
		need(text.len < before.len);
	}
	chat_buf_free(&written);
}

static void
check_roll(struct chat_span text)
{
	static struct roll_line line; /* large */
	struct roll_head head;
	struct chat_err err;

	if (roll_read_head(&text, &head, &err) < 0)
		return;
	need(head.version >= 0 && head.server.len > 0 && head.server.len <= ROLL_SERVER_MAX);
	while (text.len) {
		struct chat_span before = text;

		if (roll_read_line(&text, &line, &err) == 0)
			need(chat_channel_valid(line.channel) && line.id.len > 0 &&
				chat_username_check(line.name, &err) == 0 && line.since_ms >= 0);
		need(text.len < before.len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chat_span text = {(const char *)data, size};

	check_batch(text);
	check_roll(text);
	return 0;
}
