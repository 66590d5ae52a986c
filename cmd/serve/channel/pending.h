#ifndef SERVE_CHANNEL_PENDING_H
#define SERVE_CHANNEL_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"
#include "serve/frame/history.h"

/*
 * The frames of a channel that are not published yet.
 *
 * All frames that a channel ever sends to its members, messages and announcements, are one stream.
 * A position is the number of bytes before it in that stream. The end of the stream lies here, in
 * blocks. The last block grows during a tick; then it is sealed: it has its final size and address.
 * The first blocks leave when the journal has stored their messages.
 */
struct nonce;

struct pending_message {
	/*
	 * Its block is one of the pending blocks, without a reference of its own, and NULL until
	 * the block is sealed.
	 */
	struct history_entry entry;
	uint64_t ticket; /* of the journal */
	struct nonce *nonce; /* NULL: it has none */
	/*
	 * The serial of the member that is told if the message cannot be stored; 0: none. If the
	 * message has a nonce, nonce_senders() says who is told.
	 */
	uint64_t sender;
};

/* Bytes of memory, about, for a message beside its frame: its place in the list, and a nonce. */
#define PENDING_MESSAGE_BYTES (2 * sizeof(struct pending_message) + 192)

/* Bytes after which the next frame of a tick begins another block. */
#define PENDING_BLOCK_FULL ((uint32_t)1 << 20)

struct pending_block {
	struct block *block; /* one reference */
	uint64_t ticket; /* of the last message that was appended before this block's end */
};

/* Zeroed memory is valid, and holds nothing. */
struct pending {
	struct pending_block *blocks; /* in the order of the stream */
	struct pending_message *messages; /* those in the blocks, in the same order */
	uint32_t block_count, block_cap;
	uint32_t message_count, message_cap;
	bool open; /* the last block still grows */
	uint64_t published; /* stream position of the first block */
	uint64_t sealed; /* stream position of the block that grows, or of the next one */
};

/*
 * Returns the block to append the next frame to. It is a new one with this ticket if none grows. An
 * append may move its bytes: the caller stores the result of the append in ->block.
 */
struct pending_block *pending_open(struct pending *pending, uint64_t ticket);

/* Seals the block that grows. Does nothing if none does. */
void pending_seal(struct pending *pending);

/* Makes the list of messages longer. Only pending_add calls this. */
void pending_grow(struct pending *pending);

/* Returns an uninitialised message at the end of the list. */
static inline struct pending_message *
pending_add(struct pending *pending)
{
	if (pending->message_count == pending->message_cap)
		pending_grow(pending);
	return &pending->messages[pending->message_count++];
}

/* Removes the first blocks and messages. The caller has taken over the blocks' references. */
void pending_remove(struct pending *pending, uint32_t blocks, uint32_t messages);

/* Returns the bytes of memory that all of it takes, about. */
size_t pending_bytes(const struct pending *pending);

/* Frees all. */
void pending_free(struct pending *pending);

#endif
