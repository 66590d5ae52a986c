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
 * What the server says, as frames. Spans named _json are JSON values as they stood in the input,
 * checked there and put in as they are; one of length 0 is left out.
 */
struct outgoing_message {
	struct chat_span id; /* plain */
	const struct user *sender;
	struct chat_span content_json;
	int64_t timestamp_ms;
	struct chat_span channel; /* plain */
	struct chat_span nonce_json;
	struct chat_span reply_to_json;
	struct chat_span via_json; /* an array of words, of which nothing else is taken */
	int64_t hops; /* 0: none */
	struct chat_span file_name_json, file_type_json, file_size_json, file_data_json;
};

/* Where things lie in the block a message was appended to. */
struct frame_place {
	uint32_t at; /* of the frame */
	uint32_t data_at; /* of `"data":"…"` in the payload */
	uint32_t data_len; /* 0: no file */
};

struct block *encode_message(
	struct block *block, const struct outgoing_message *message, struct frame_place *place);

/* Appends a userStatus; *at gets where the frame begins. */
struct block *encode_user_status(struct block *block, const struct user *user, bool online,
	struct chat_span channel, uint32_t *at);

struct outgoing_error {
	enum chat_code code;
	const char *text;
	const char *field; /* "" or NULL: none */
	struct chat_span nonce_json;
	int64_t retry_after_ms; /* 0: none */
	bool fatal;
};

struct block *encode_error(const struct outgoing_error *error);

/* A userData. */
struct outgoing_user_data {
	const struct roster *roster;
	size_t most; /* users listed at the most, and bytes that they take; */
	size_t most_bytes; /* over either `truncated`, `total` */
	const struct user *you; /* NULL: nobody */
	size_t max_message_bytes;
	uint32_t history; /* messages that who joins is told at the most */
	struct chat_span
		instance; /* whose nonces are remembered; plain; length 0: without `server` */
	struct chat_span since; /* asks for what is said from now on; plain; length 0: not said */
	struct chat_span origin; /* what carriers call this channel in `via`; plain; 0: not said */
};

struct block *encode_user_data(const struct outgoing_user_data *data);

/* Appends a userData that lists nobody of so many; *at gets where the frame begins. */
struct block *encode_crowd(
	struct block *block, size_t total, struct chat_span channel, uint32_t *at);

#endif
