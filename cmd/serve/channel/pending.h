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
 * All frames that a channel sends to its members, messages and announcements, are one stream. A
 * stream position is the number of bytes in the stream before a frame. The unpublished end of the
 * stream is in the blocks below. The last block grows during a tick. Then it is sealed: its size
 * and address do not change any more. The first blocks are removed when they are published.
 */
struct nonce;

struct pending_message {
	/*
	 * entry.block is one of the pending blocks, without a reference of its own. It is NULL
	 * until the block is sealed.
	 */
	struct history_entry entry;
	uint64_t ticket; /* of the journal */
	struct nonce *nonce; /* NULL: the message has none */
	/*
	 * The serial of the member that is sent an error if the message cannot be stored; 0: none.
	 * Not used if the message has a nonce: then nonce_senders() has the members.
	 */
	uint64_t sender;
};

/* Memory of a message without its frame, about: its place in the list, and a nonce. */
#define PENDING_MESSAGE_BYTES (2 * sizeof(struct pending_message) + 192)

/* If the last block has this many bytes, the next frame of the tick begins another block. */
#define PENDING_BLOCK_FULL ((uint32_t)1 << 20)

struct pending_block {
	struct block *block; /* one reference */
	uint64_t ticket; /* of its last message; if it has none, of the last one before it */
};

/* Zeroed memory is a valid empty structure. */
struct pending {
	struct pending_block *blocks; /* in the order of the stream */
	struct pending_message *messages; /* the messages in the blocks, in the same order */
	uint32_t block_count, block_cap;
	uint32_t message_count, message_cap;
	bool open; /* the last block grows */
	uint64_t published; /* stream position of the first block */
	/* Stream position of the block that grows, or of the next block if none grows. */
	uint64_t sealed;
};

/*
 * Returns the last block, to append the next frame to it. If no block grows, or if the last one is
 * full, the result is a new block with this ticket. An append may move the block: the caller must
 * store the result of the append in ->block.
 */
struct pending_block *pending_open(struct pending *pending, uint64_t ticket);

/* Returns the stream position after the last block. */
uint64_t pending_end(const struct pending *pending);

/* Seals the block that grows. Does nothing if no block grows. */
void pending_seal(struct pending *pending);

/* Makes room for more messages in the list. Only pending_add calls this. */
void pending_grow(struct pending *pending);

/* Returns an uninitialised message at the end of the list. Valid until the list is changed. */
static inline struct pending_message *
pending_add(struct pending *pending)
{
	if (pending->message_count == pending->message_cap)
		pending_grow(pending);
	return &pending->messages[pending->message_count++];
}

/*
 * Removes this many blocks and messages from the beginning. The caller must have taken over the
 * references to the blocks.
 */
void pending_remove(struct pending *pending, uint32_t blocks, uint32_t messages);

/* Returns about how many bytes of memory all pending blocks and messages use. */
size_t pending_bytes(const struct pending *pending);

/* Frees the lists, and releases the blocks. The structure is not valid afterwards. */
void pending_free(struct pending *pending);

#endif
