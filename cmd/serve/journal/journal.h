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
 * A journal keeps messages in the order in which they were appended. It is asynchronous: `append`
 * takes a message and returns its ticket; `commit`, at the end of each tick, asks that all appended
 * ones become durable; events.durable reports on the loop's thread which are, during `commit` or
 * ticks later. Only durable messages are delivered to members.
 */
struct journal;

/*
 * The callbacks that the opener of a journal sets. All but `warn` come on the thread of the loop.
 */
struct journal_events {
	/* All messages up to this ticket, included, are durable. */
	void (*durable)(void *arg, uint64_t ticket);
	/* All messages up to this ticket that are not durable yet never will be. */
	void (*failed)(void *arg, uint64_t ticket, const struct chat_err *err);
	/* Reports a sentence to the operator, on any thread. May be NULL. */
	void (*warn)(void *arg, const char *sentence);
};

/*
 * Asks for a page of a channel's past: the oldest of the messages with numbers above `after`, up to
 * `upto`. The caller fills the first part, and keeps the structure until `done`.
 */
struct journal_page_read {
	char channel[CHAT_CHANNEL_MAX + 1];
	uint64_t after, upto;
	size_t page_bytes; /* the page ends when its texts have so many bytes (page_plan_begin) */
	size_t most_bytes; /* a message with more bytes comes without the data of its file */
	/*
	 * Before: true if the page may say that no message is missing before it. Afterwards: true
	 * if none is missing between `after` and `end`, and the page says so.
	 */
	bool complete;
	void (*done)(struct journal_page_read *read); /* called on the loop, after read_page */
	void *arg; /* the caller's */

	/* valid in `done` */
	struct block *page; /* the caller unrefs it; NULL: there is no message */
	uint64_t end; /* all further messages have higher numbers; `upto` if there are none */
	size_t read_bytes; /* bytes that were read from the disk */
};

/*
 * Asks for the newest messages of a channel. The caller fills the first part, and keeps the
 * structure until `done`.
 */
struct journal_newest_read {
	char channel[CHAT_CHANNEL_MAX + 1];
	uint64_t upto; /* messages with higher numbers are left out */
	uint32_t most; /* limit of messages */
	size_t most_bytes; /* limit of the bytes of their texts */
	void (*done)(struct journal_newest_read *read); /* called on the loop, after read_newest */

	/* valid in `done` */
	struct history found; /* the caller frees it; no message between those found is missing */
	uint64_t removed; /* no message of the channel that was removed has a higher number */
};

/* How a journal was closed. */
enum journal_end {
	JOURNAL_KEPT, /* everything that was delivered is kept as promised */
	JOURNAL_LOST, /* something that was delivered may not be on the disk, which was reported */
	/*
	 * The same, because the disk does not answer. Nothing is freed, because a thread uses it:
	 * the process has to end with _exit(2).
	 */
	JOURNAL_HUNG
};

/*
 * The functions of a kind of journal; disk_journal.c and null_journal.c have one table each. Those
 * that may be NULL say what that means.
 */
struct journal_kind {
	const char *name;

	/*
	 * Copies the text of a `message`, without newline, and returns its ticket; tickets ascend
	 * from 1. Of the line only id, timestamp and channel are used; the bytes of the channel
	 * have to stay until the message is durable or failed.
	 */
	uint64_t (*append)(
		struct journal *journal, const struct journal_line *line, struct chat_span text);
	/* Makes all appended messages durable, now or later. */
	void (*commit)(struct journal *journal);
	/*
	 * Commits and waits. Returns true if all messages are durable or failed, false if the disk
	 * does not answer.
	 */
	bool (*settle)(struct journal *journal);
	/*
	 * Returns true if there is nothing to wait for: all messages are durable or failed, or the
	 * disk does not answer.
	 */
	bool (*is_settled)(const struct journal *journal);

	/* Reads a page on a worker thread, then calls read->done. NULL: there is no past. */
	void (*read_page)(struct journal *journal, struct journal_page_read *read);
	/* Returns how many messages of a channel there are. NULL: read_newest is NULL too. */
	uint64_t (*message_count)(struct journal *journal, struct chat_span channel);
	/* Reads newest messages on a worker thread, then calls read->done. NULL: there is no past.
	 */
	void (*read_newest)(struct journal *journal, struct journal_newest_read *read);
	/* Returns the number of the newest removed message; 0: none is known. NULL: always 0. */
	uint64_t (*newest_removed)(const struct journal *journal);
	/*
	 * Returns the number of a message older than that time (Unix time, in milliseconds), before
	 * which all are older too; 0: none is known. NULL: always 0.
	 */
	uint64_t (*newest_older_than)(const struct journal *journal, int64_t time_ms);

	/* Returns the bytes of its files. NULL: it has no files. */
	uint64_t (*bytes)(const struct journal *journal);
	/* Returns the bytes of memory that it uses beside unwritten_bytes. NULL: none. */
	size_t (*memory)(const struct journal *journal);
	/* Begins a new file at the next commit, for a backup. NULL: it has no files. */
	void (*rotate)(struct journal *journal);
	/*
	 * Settles and frees the journal, whose handles on the loop are closed already. in_use: a
	 * read_page or read_newest has not ended; then nothing is freed, and the process has to
	 * end.
	 */
	enum journal_end (*close)(struct journal *journal, bool in_use);
};

/* The structure of every kind begins with this one. */
struct journal {
	const struct journal_kind *kind;
	struct journal_events events;
	void *arg; /* of the events */
	size_t unwritten_bytes; /* memory of messages that were appended and are not written */
	char trouble[192]; /* a sentence that says why messages are refused; "": they are not */
	uint64_t failures; /* of writes, syncs and the directory, since it was opened */
};

/* ---- journal.c ---- */

/* Formats a sentence and reports it by events.warn, on any thread. */
void journal_warn(const struct journal *journal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- null_journal.c ---- */

/*
 * Opens a journal that keeps nothing: messages are durable as soon as they are committed. Never
 * returns NULL.
 */
struct journal *null_journal_open(const struct journal_events *events, void *arg);

#endif
