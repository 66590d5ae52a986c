#ifndef SERVE_JOURNAL_JOURNAL_H
#define SERVE_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "chat/url.h"
#include "serve/frame/history.h"
#include "serve/journal/line.h"

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
	/* Something is to be said to who runs the server, on any thread; NULL: nobody hears it. */
	void (*warn)(void *arg, const char *sentence);
};

/*
 * A page of a channel's past (page.h), read beside the loop: of the messages with numbers above
 * `after`, not above `upto`, the oldest. The asker fills the first part and keeps the structure
 * until `done`, which comes on the loop, never inside `read`.
 */
struct journal_page_read {
	char channel[CHAT_CHANNEL_MAX + 1];
	uint64_t after, upto;
	size_t page_bytes; /* see page_plan_begin */
	size_t most_bytes; /* a message above that comes without its file's data */
	bool complete; /* asked: the page may say that nothing is missing before it. Answered:
			  nothing is missing between `after` and `end`, and it says so */
	void (*done)(struct journal_page_read *read);
	void *arg;

	struct block *page; /* the asker's; says that more follows. NULL: no message is there */
	uint64_t end; /* what follows has higher numbers; `upto` where nothing does */
	size_t read_bytes; /* what it cost the disk */
};

enum journal_end {
	JOURNAL_KEPT,
	JOURNAL_LOST, /* something that was said may not be on the disk, which has been told */
	/*
	 * The same, because the disk does not answer. Nothing is freed, for a thread has it: it is
	 * left to the end of the process, by _exit(2).
	 */
	JOURNAL_HUNG
};

/*
 * The newest messages of a channel, up to a number, read beside the loop. The asker fills the first
 * part and keeps the structure until `done`, which comes on the loop, never inside `recall`.
 */
struct journal_newest_read {
	char channel[CHAT_CHANNEL_MAX + 1];
	uint64_t upto;
	uint32_t most; /* messages, */
	size_t most_bytes; /* and bytes of their texts: the newest that fit */
	void (*done)(struct journal_newest_read *read);

	struct history found; /* the asker's; between these no other is missing that is there */
	uint64_t removed; /* none of the channel that is not there has a higher number */
};

struct journal_kind {
	const char *name;
	/*
	 * Keeps a copy of the text, a `message` without newline. Of the line its id, timestamp and
	 * channel are meant; the channel's bytes stay until it is durable or failed. Tickets ascend
	 * from 1.
	 */
	uint64_t (*append)(
		struct journal *journal, const struct journal_line *line, struct chat_span text);
	void (*commit)(struct journal *journal);
	/* Commits and waits until all is durable or failed. False: the disk does not answer. */
	bool (*settle)(struct journal *journal);
	/* Whether there is nothing to wait for: all is durable or failed, or the disk is dead. */
	bool (*is_settled)(const struct journal *journal);
	/* Of all its files. NULL: there are none. */
	uint64_t (*bytes)(const struct journal *journal);
	/* Asks for an answer of read->done. NULL: the kind keeps no past. */
	void (*read_page)(struct journal *journal, struct journal_page_read *read);
	/*
	 * The number of the newest message that was removed; and of one that is older than a time
	 * (Unix milliseconds), as all before it are. 0: none is known. NULL, likewise.
	 */
	uint64_t (*newest_removed)(const struct journal *journal);
	uint64_t (*newest_older_than)(const struct journal *journal, int64_t time_ms);
	/* How many messages of a channel it has, and the newest of them; NULL, likewise. */
	uint64_t (*message_count)(struct journal *journal, struct chat_span channel);
	void (*read_newest)(struct journal *journal, struct journal_newest_read *read);
	/* Closes what grows and begins a new file, for a backup. NULL: there are no files. */
	void (*rotate)(struct journal *journal);
	/* Bytes of memory that it has beside unwritten_bytes. NULL: none. */
	size_t (*memory)(const struct journal *journal);
	/*
	 * Settles and frees; the handles it had on the loop are closed by now. in_use: a reading
	 * has not ended, and has what is the journal's: nothing is freed, the process is to end.
	 */
	enum journal_end (*close)(struct journal *journal, bool in_use);
};

/* Every kind's own structure begins with this. */
struct journal {
	const struct journal_kind *kind;
	struct journal_events events;
	void *arg;
	size_t unwritten_bytes; /* of memory for what was appended and is not written */
	char trouble[192]; /* a sentence: why messages are refused; "": all is well */
	uint64_t failures; /* ever: of writing, of syncing, of its directory */
};

/* Says a sentence by events.warn; on any thread. */
void journal_warn(const struct journal *journal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Keeps nothing: what is appended is durable as soon as it is committed. */
struct journal *null_journal_open(const struct journal_events *events, void *arg);

#endif
