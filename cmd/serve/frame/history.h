#ifndef SERVE_FRAME_HISTORY_H
#define SERVE_FRAME_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"

/*
 * The newest messages of a channel, oldest first, and the `history` frames made of them. Small
 * messages are copied into blocks of the history's own, many into each. A large message has a block
 * for itself, which may be the one that was sent. So no message keeps the block of a whole tick.
 */
struct history_entry {
	struct block *block; /* one reference, once the entry is in a history */
	uint32_t at; /* offset of the frame in the block */
	uint32_t data_at; /* offset of `"data":"…"` in the payload; valid if data_len is not 0 */
	uint32_t data_len; /* 0: the message has no file */
	uint64_t number; /* of the message; ascending in a history */
};

/* Zeroed memory is a valid empty history. */
struct history {
	struct history_entry *ring; /* of cap places; NULL while the history is empty */
	uint32_t first, count, cap;
	struct block *own; /* the next small message is copied to it; NULL: to a new one */
	uint32_t own_count; /* how many messages in that block are in the history */
	size_t bytes; /* of memory that all of it takes */
	uint64_t dropped; /* number of the newest message that is no longer in it; 0: none */
};

/* ---- history.c ---- */

/* Drops all messages, and frees their memory. */
void history_free(struct history *history);

/* Adds a message at the end. Takes a reference of its own to the block, or copies the frame. */
void history_add(struct history *history, const struct history_entry *entry);

/* Drops the oldest message; there must be one. */
void history_drop_oldest(struct history *history);

/* Returns the i-th oldest message, from 0. Valid until the history is changed. */
const struct history_entry *history_at(const struct history *history, uint32_t i);

/* Returns the index of the oldest message with a higher number than this, or count if none. */
uint32_t history_after(const struct history *history, uint64_t number);

/* ---- history_frame.c ---- */

/*
 * Returns a block of one frame: a `history` of the newest messages with numbers up to `upto`, at
 * most `most` of them. If their texts take more than most_bytes, file data is left out until they
 * do not: the largest first, and of the same size the older first. If that is not enough, messages
 * are left out, the oldest first.
 */
struct block *history_replay(
	const struct history *history, uint64_t upto, uint32_t most, size_t most_bytes);

struct history_page {
	uint64_t after; /* number of the last message that the reader has */
	size_t bytes; /* of the messages, at the most (page_plan_begin) */
	size_t most_bytes; /* a message with a longer text comes without its file's data */
	bool complete; /* the page says so: no message is missing before its first */
};

/*
 * Returns a block of one frame: a `history` of the oldest messages after page->after, as many as a
 * page takes. *end gets the number of the last one, or page->after if there is none.
 */
struct block *history_page(
	const struct history *history, const struct history_page *page, uint64_t *end);

#endif
