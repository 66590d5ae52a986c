#ifndef SERVE_CHANNEL_APPLY_H
#define SERVE_CHANNEL_APPLY_H

#include <stdint.h>

#include "chat/span.h"
#include "serve/channel/nonces.h"

/*
 * The log is the order of the messages of all channels. A message is first proposed (post.h), then
 * it gets a place in the log, and then it is applied to its channel. What the members are sent
 * depends on the log and on nothing else: not on the clock of this server when it applies the
 * message.
 */

/*
 * A message that is to be posted to a channel. Spans are borrowed from the message that the client
 * sent. Spans named _json are JSON values, copied unchanged; length 0: the property is absent.
 */
struct channel;
struct member;
struct user;

struct channel_post {
	struct user *user; /* the sender */
	struct member *member; /* the member that posts it, which is sent echoes; NULL: none */
	uint64_t owner; /* the memory of the nonce counts for this owner (nonces.h) */
	struct chat_span content_json;
	struct chat_span nonce_json;
	struct chat_span nonce; /* decoded, in nonce_bytes; valid if nonce_json is present */
	struct chat_span reply_to_json;
	struct chat_span via_json;
	int64_t hops; /* 0: absent */
	struct chat_span file_name_json, file_type_json, file_size_json, file_data_json;
	char nonce_bytes[NONCE_MAX];
};

/* A message with its place. */
struct log_entry {
	struct {
		uint64_t epoch, number; /* its id (message_id.h); numbers ascend */
	} place;
	int64_t posted_ms; /* when it was proposed; Unix time of the server that proposed it */
	const struct channel_post *post; /* borrowed */
	uint64_t sender; /* as in struct pending_message */
};

/*
 * Applies an entry: the message is encoded into the block of this tick and appended to the journal.
 * It is published when the journal has stored it (publish.h). Its number must be above that of all
 * applied entries. The timestamp is posted_ms, or the channel's last timestamp if that is later
 * (clock_after_ms). Returns the pending message, without a nonce; valid until the list of pending
 * messages is changed.
 */
struct pending_message *channel_apply(struct channel *channel, const struct log_entry *entry);

#endif
