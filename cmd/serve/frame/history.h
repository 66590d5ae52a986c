#ifndef SERVE_FRAME_HISTORY_H
#define SERVE_FRAME_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"

/*
 * The newest messages of a channel, oldest first, and the `history` frames made of them. Small
 * messages are copied into blocks that only the history uses, many into each. A large message keeps
 * the block in which it was sent if it fills at least half of it, and is copied otherwise
 * (block_keep). Thus a small part of a tick does not keep the block of the whole tick in memory.
 */
struct history_entry {
	struct block *block; /* one reference if the entry is in a history; otherwise borrowed */
	uint32_t at; /* offset of the frame in the block */
	uint32_t data_at; /* offset of `"data":"…"` in the payload; valid if data_len is not 0 */
	uint32_t data_len; /* 0: the message has no file */
	uint64_t number; /* of the message; ascending in a history */
};

/* Zeroed memory is a valid empty history. */
struct history {
	struct history_entry *ring; /* an array of cap places; NULL while the history is empty */
	uint32_t first, count, cap;
	struct block *own; /* one reference; gets the copies of small messages; NULL: none */
	uint32_t own_count; /* the number of messages in `own` that are still in the history */
	size_t bytes; /* memory of the ring and of all blocks, in bytes */
	uint64_t dropped; /* all messages in the history have higher numbers; 0: none was dropped */
};

/* ---- history.c ---- */

/* Drops all messages, and frees all memory of the history. */
void history_free(struct history *history);

/*
 * Adds a message at the end. Its number must be higher than all others. Keeps a reference to its
 * block, or copies the frame; the caller keeps its own reference.
 */
void history_add(struct history *history, const struct history_entry *entry);

/* Drops the oldest message; there must be one. */
void history_drop_oldest(struct history *history);

/*
 * Returns the message with this index, which must be less than count; 0 is the oldest one. Valid
 * until the history is changed.
 */
const struct history_entry *history_at(const struct history *history, uint32_t i);

/*
 * Returns the index of the oldest message with a number above this one, or count if there is none.
 */
uint32_t history_after(const struct history *history, uint64_t number);

/* ---- history_frame.c ---- */

/*
 * Returns a block of one frame, a `history` of the newest messages with numbers up to `upto`, at
 * most `most` of them. If their texts take more than most_bytes, the data of files is left out
 * until they fit: the largest data first, and of equal sizes the oldest first. If they still do not
 * fit, messages are left out, the oldest first. The caller owns the only reference.
 */
struct block *history_replay(
	const struct history *history, uint64_t upto, uint32_t most, size_t most_bytes);

struct history_page {
	uint64_t after; /* number of the last message that the reader has */
	size_t bytes; /* limit of the texts in the page (page_plan_begin) */
	size_t most_bytes; /* a message with a longer text is sent without its file's data */
	bool complete; /* the page's `complete`: no message is missing before its first one */
};

/*
 * Returns a block of one frame, a `history` of the oldest messages after page->after, as many as
 * make a page. *end gets the number of its last message, or page->after if it has none. The caller
 * owns the only reference.
 */
struct block *history_page(
	const struct history *history, const struct history_page *page, uint64_t *end);

#endif
