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
 * Encodes the messages of the server as frames. Spans named _json are JSON values from a client's
 * message, which must be valid; they are copied unchanged. Other spans are copied between quotes;
 * they must contain no character that JSON escapes. A span of length 0 leaves an optional property
 * out.
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

/* The position of an encoded message in its block. */
struct frame_place {
	uint32_t at; /* offset of the frame in the block */
	uint32_t data_at; /* offset of `"data":"…"` in the payload; valid if data_len is not 0 */
	uint32_t data_len; /* 0: the message has no file */
};

/*
 * Appends a `message`. Returns the block, which may have moved. *place gets the position of the
 * message.
 */
struct block *encode_message(
	struct block *block, const struct outgoing_message *message, struct frame_place *place);

/* Appends a `userStatus`. Returns the block, which may have moved. */
struct block *encode_user_status(
	struct block *block, const struct user *user, bool online, struct chat_span channel);

struct outgoing_user_data {
	const struct roster *roster; /* its present users are listed */
	size_t most; /* the most users that are listed */
	/* Limit of their bytes. If users are left out, `truncated` and `total` are sent. */
	size_t most_bytes;
	/* Length 0: there is no `server`; the fields below are not used. */
	struct chat_span instance;
	const struct user *you; /* the user of the receiver; NULL: left out */
	size_t max_message_bytes;
	uint32_t history; /* the most messages that a new member without `since` is sent */
	struct chat_span since; /* `since` to get all messages from now on; length 0: left out */
	struct chat_span origin; /* the name of this channel in `via`; length 0: left out */
};

/* Returns a block with one frame, a `userData`. The caller owns the only reference. */
struct block *encode_user_data(const struct outgoing_user_data *data);

/*
 * Appends a `userData` with `total` and no users, for a channel with too many members to announce
 * single users. Returns the block, which may have moved.
 */
struct block *encode_crowd(struct block *block, size_t total, struct chat_span channel);

/* ---- encode_error.c ---- */

struct outgoing_error {
	enum chat_code code;
	const char *text;
	const char *field; /* "" or NULL: left out */
	struct chat_span nonce_json;
	int64_t retry_after_ms; /* 0: left out */
	bool fatal; /* false: left out */
};

/* Returns a block with one frame, an `error`. The caller owns the only reference. */
struct block *encode_error(const struct outgoing_error *error);

#endif
