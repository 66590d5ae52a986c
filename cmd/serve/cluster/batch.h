#ifndef SERVE_CLUSTER_BATCH_H
#define SERVE_CLUSTER_BATCH_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/channel/apply.h"
#include "serve/channel/roster.h"
#include "text/buf.h"
#include "wire/url.h"

/*
 * A batch: messages that one server proposes, in one entry of the stream. They may be of several
 * channels. Its text is NDJSON, a `message` with its `channel` in each line. The id and the
 * timestamp in a line are not used: the place in the stream gives the message others.
 */
#define BATCH_MESSAGES_MAX 256 /* in a batch */
#define BATCH_BYTES_MAX ((size_t)256 << 10) /* of a batch with more than one message */

/* The number of a message: BATCH_BITS bits for its place in the batch, below those of the entry. */
#define BATCH_BITS 8

/* Appends a line, with its newline. now_ms: Unix time. Returns the length of the line. */
size_t batch_add(struct chat_buf *text, struct chat_span channel, const struct channel_post *post,
	int64_t now_ms);

/* A message of a batch. post.user is &user; the spans are valid as long as the batch. */
struct batch_message {
	struct channel_post post; /* without member and owner */
	struct chat_span channel; /* in channel_bytes */
	char channel_bytes[CHAT_CHANNEL_MAX + 1];
	char user_id[NONCE_ID_MAX + 1];
	struct user user; /* last: of whom only the id and the name as JSON are set */
};

/*
 * Reads the first line of `rest`, and removes it from there. A batch is checked like what comes
 * from a peer, because others may publish, too. Returns 0, or -1 with the error of chat_msg_read(),
 * or bad_message.
 */
int batch_next(struct chat_span *rest, struct batch_message *message, struct chat_err *err);

#endif
