#ifndef SERVE_JOURNAL_H
#define SERVE_JOURNAL_H

#include <stdint.h>

#include "err.h"
#include "span.h"

/*
 * Where messages are kept. Asynchronous by nature: append hands a message in and gives it a ticket,
 * commit (end of tick) asks that all handed in become durable, and `durable` comes back on the
 * loop, perhaps inside commit, perhaps ticks later. Only what is durable is delivered, in the order
 * of the tickets, which is the order of the journal.
 */
struct journal;

struct journal_events {
	/* Everything up to this ticket, included, is kept. */
	void (*durable)(void *arg, uint64_t ticket);
	/* Nothing from the first ticket not durable up to this one will ever be kept. */
	void (*failed)(void *arg, uint64_t ticket, const struct chat_err *err);
};

struct journal_kind {
	const char *name;
	/* Keeps a copy of the line, a `message` without newline. Tickets ascend from 1. */
	uint64_t (*append)(struct journal *journal, struct chat_span line);
	void (*commit)(struct journal *journal);
	/* Commits, waits until all is durable or failed, and frees. */
	void (*close)(struct journal *journal);
};

/* Every kind's own structure begins with this. */
struct journal {
	const struct journal_kind *kind;
	struct journal_events events;
	void *arg;
};

/* Keeps nothing: what is appended is durable as soon as it is committed. */
struct journal *journal_null_open(const struct journal_events *events, void *arg);

#endif
