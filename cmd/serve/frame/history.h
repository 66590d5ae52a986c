#ifndef SERVE_FRAME_HISTORY_H
#define SERVE_FRAME_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/frame/block.h"

/*
 * The messages a channel remembers, oldest first. Small ones are copied into blocks of the
 * history's own, one behind the other; a large one has a block for itself, if need be the one that
 * was sent. So no message keeps the block of a whole tick, and `bytes` is the memory that all of it
 * takes.
 */
struct history_entry {
	struct block *block; /* one reference, where it is in a history */
	uint32_t at; /* of the frame in the block */
	uint32_t data_at; /* of `"data":"…"` in the payload; */
	uint32_t data_len; /* 0: no file */
	uint64_t number; /* the message's; ascending */
};

struct history {
	struct history_entry *ring;
	uint32_t first, count, cap;
	struct block *own; /* the newest of its own blocks: the next small message goes there */
	uint32_t own_count; /* messages in it that are remembered */
	size_t bytes; /* of memory */
	uint64_t dropped; /* number of the newest message that is no longer kept; 0: none */
};

void history_free(struct history *history);

/* Remembers one more; its block stays the caller's. */
void history_add(struct history *history, const struct history_entry *entry);

/* Forgets the oldest; there must be one. */
void history_drop_oldest(struct history *history);

/* The i-th oldest. */
const struct history_entry *history_at(const struct history *history, uint32_t i);

/* The index of the oldest message with a number above this one; count when there is none. */
uint32_t history_after(const struct history *history, uint64_t number);

/*
 * A block of one frame: a `history` of the newest messages up to a number, at most so many. Where
 * they are more than most_bytes, file data is left out, the largest first, of the same size the
 * older first, then messages, the oldest first.
 */
struct block *history_replay(
	const struct history *history, uint64_t upto, uint32_t most, size_t most_bytes);

struct history_page {
	uint64_t after; /* the number of the last message that the reader has */
	size_t bytes; /* see page_plan_begin */
	size_t most_bytes; /* a message above that comes without its file's data */
	bool complete; /* what the page says */
};

/* The same for the messages behind `after`, by pages. *end: the number of the last one in it. */
struct block *history_page(
	const struct history *history, const struct history_page *page, uint64_t *end);

#endif
