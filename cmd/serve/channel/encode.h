#ifndef SERVE_CHANNEL_ENCODE_H
#define SERVE_CHANNEL_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/channel/roster.h"
#include "serve/frame/block.h"

/*
 * The messages of the server, encoded as frames. Spans named _json are JSON values as they were in
 * a client's message, where they were checked; they are copied as they are. Other spans are copied
 * between quotes; they hold nothing that JSON escapes. A span of length 0 is left out.
 */
/* ---- encode.c ---- */

struct outgoing_message {
	struct chat_span id;
	const struct user *sender;
	struct chat_span content_json;
	int64_t timestamp_ms; /* Unix time */
	struct chat_span channel;
	struct chat_span nonce_json;
	struct chat_span reply_to_json;
	struct chat_span via_json; /* an array of words; copied without white space */
	int64_t hops; /* 0: left out */
	struct chat_span file_name_json, file_type_json, file_size_json, file_data_json;
};

/* Where a message was encoded. */
struct frame_place {
	uint32_t at; /* offset of the frame in the block */
	uint32_t data_at; /* offset of `"data":"…"` in the payload; valid if data_len is not 0 */
	uint32_t data_len; /* 0: the message has no file */
};

/* Appends a `message`. Returns the block, which may have moved; *place gets where it is. */
struct block *encode_message(
	struct block *block, const struct outgoing_message *message, struct frame_place *place);

/* Appends a `userStatus`. Returns the block; *at gets the offset of the frame. */
struct block *encode_user_status(struct block *block, const struct user *user, bool online,
	struct chat_span channel, uint32_t *at);

struct outgoing_user_data {
	const struct roster *roster; /* its present users are listed, */
	size_t most; /* so many of them at the most, */
	size_t most_bytes; /* and so many bytes of them. If there are more: truncated, total */
	struct chat_span instance; /* length 0: there is no `server`, and nothing of what follows */
	const struct user *you; /* NULL: left out */
	size_t max_message_bytes;
	uint32_t history; /* messages that a new member is sent at the most */
	struct chat_span
		since; /* the id to send as `since`, to get all messages published from now on */
	struct chat_span origin; /* the name of this channel in `via` */
};

/* Returns a block of one frame, a `userData`, whose reference is the caller's. */
struct block *encode_user_data(const struct outgoing_user_data *data);

/*
 * Appends a `userData` with `total` and no users, for a channel too large to announce single users.
 * Returns the block; *at gets the offset of the frame.
 */
struct block *encode_crowd(
	struct block *block, size_t total, struct chat_span channel, uint32_t *at);

/* ---- encode_error.c ---- */

struct outgoing_error {
	enum chat_code code;
	const char *text;
	const char *field; /* "" or NULL: left out */
	struct chat_span nonce_json;
	int64_t retry_after_ms; /* 0: left out */
	bool fatal; /* false: left out */
};

/* Returns a block of one frame, an `error`, whose reference is the caller's. */
struct block *encode_error(const struct outgoing_error *error);

#endif
