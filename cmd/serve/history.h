#ifndef SERVE_HISTORY_H
#define SERVE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/block.h"

/*
 * The messages a channel remembers, oldest first. Small ones are copied into blocks of the
 * history's own, one behind the other; a large one has a block for itself, if need be the one that
 * was sent. So no message keeps the block of a whole tick, and `bytes` is the memory that all of it
 * takes.
 */
struct entry {
	struct block *block; /* one reference, where it is in a history */
	uint32_t at; /* of the frame in the block */
	uint32_t data_at; /* of `"data":"…"` in the payload; */
	uint32_t data_len; /* 0: no file */
	uint64_t number; /* the message's; ascending */
};

struct history {
	struct entry *ring;
	uint32_t first, count, cap;
	struct block *own; /* the newest of its own blocks: the next small message goes there */
	uint32_t own_count; /* messages in it that are remembered */
	size_t bytes; /* of memory */
	uint64_t forgotten; /* number of the newest message that is no longer kept; 0: none */
};

void history_free(struct history *history);

/* Remembers one more; its block stays the caller's. */
void history_add(struct history *history, const struct entry *entry);

/* Forgets the oldest; there must be one. */
void history_forget(struct history *history);

/* The i-th oldest. */
const struct entry *history_at(const struct history *history, uint32_t i);

/* The index of the oldest message with a number above this one; count when there is none. */
uint32_t history_after(const struct history *history, uint64_t number);

struct history_replay {
	uint32_t first; /* index of the oldest wanted */
	uint32_t count; /* the newest so many of them */
	size_t max_bytes; /* of payloads: file data is left out for it, the largest first, then
			     messages, the oldest first */
	bool resumed; /* says `complete` */
	bool complete; /* nothing before `first` is missing */
};

/* A block of one frame: the `history` message. */
struct block *history_replay(const struct history *history, const struct history_replay *replay);

#endif
