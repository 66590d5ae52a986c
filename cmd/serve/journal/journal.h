#ifndef SERVE_JOURNAL_JOURNAL_H
#define SERVE_JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/frame/history.h"
#include "serve/journal/line.h"
#include "wire/url.h"

/*
 * A journal stores messages in the order in which they were appended. It is asynchronous: `append`
 * queues a message and returns its ticket; `commit`, at the end of each tick, makes the appended
 * messages durable; events.durable reports which messages are durable, during `commit` or in a
 * later tick. Only durable messages are delivered to members.
 */
struct journal;

/*
 * The callbacks of a journal, set when it is opened. All except `warn` are called on the thread of
 * the loop.
 */
struct journal_events {
	/* All messages up to this ticket, this one included, are durable. */
	void (*durable)(void *arg, uint64_t ticket);
	/* Those messages up to this ticket that `durable` has not reported are not stored. */
	void (*failed)(void *arg, uint64_t ticket, const struct chat_err *err);
	/* Reports a sentence to the operator. Called on any thread. May be NULL. */
	void (*warn)(void *arg, const char *sentence);
};

/*
 * A request for a page of a channel's history: the oldest messages with numbers above `after`, up
 * to `upto`. The caller sets the first part, and must not change or free the structure before
 * `done`.
 */
struct journal_page_read {
	char channel[CHAT_CHANNEL_MAX + 1];
	uint64_t after, upto;
	size_t page_bytes; /* limit of the bytes of its texts, except one longer message */
	size_t most_bytes; /* a longer message is sent without the data of its file */
	/*
	 * The caller sets it to true if the page may say that no message is missing before it. In
	 * `done` it is true if no message is missing between `after` and `end`; the page says the
	 * same.
	 */
	bool complete;
	void (*done)(struct journal_page_read *read); /* called on the loop, after read_page */
	void *arg; /* for the caller's `done` */

	/* valid in `done` */
	struct block *page; /* the caller unrefs it; NULL: there is no message in it */
	uint64_t end; /* later messages have higher numbers; `upto` if there are none */
	size_t read_bytes; /* bytes that were read from the disk */
};

/*
 * A request for the newest messages of a channel. The caller sets the first part, and must not
 * change or free the structure before `done`.
 */
struct journal_newest_read {
	char channel[CHAT_CHANNEL_MAX + 1];
	uint64_t upto; /* messages with higher numbers are not read */
	uint32_t most; /* the most messages to read */
	size_t most_bytes; /* the most bytes of their texts */
	void (*done)(struct journal_newest_read *read); /* called on the loop, after read_newest */

	/* valid in `done` */
	struct history found; /* the caller frees it; no message between two of these is missing */
	uint64_t removed; /* no removed message of the channel has a higher number */
};

/* The result of closing a journal. */
enum journal_end {
	JOURNAL_KEPT, /* all delivered messages are stored as options.sync promises */
	JOURNAL_LOST, /* delivered messages may not be on the disk; this was reported */
	/*
	 * The disk does not answer; this was reported. Nothing is freed, because the sync thread
	 * still runs: the process must end by _exit(), not by exit().
	 */
	JOURNAL_HUNG
};

/*
 * The functions of a kind of journal. disk_journal.c and null_journal.c have one table each. If a
 * function may be NULL, its comment says what NULL means.
 */
struct journal_kind {
	const char *name;

	/*
	 * Returns the number of the next message, which the caller must append at once: until then
	 * no other loop can get one. NULL: the caller counts.
	 */
	uint64_t (*next_number)(struct journal *journal);
	/*
	 * Copies the text of a `message`, without newline, and returns its ticket; tickets ascend
	 * from 1. Only id, timestamp and channel of the line are used; the bytes of the channel
	 * must stay valid until the message is durable or failed.
	 */
	uint64_t (*append)(
		struct journal *journal, const struct journal_line *line, struct chat_span text);
	/* Makes all appended messages durable, at once or later. */
	void (*commit)(struct journal *journal);
	/*
	 * Commits and waits. Returns true if all messages are durable or failed, or false if the
	 * disk does not answer.
	 */
	bool (*settle)(struct journal *journal);
	/* Returns true if all messages are durable or failed, or if the disk does not answer. */
	bool (*is_settled)(const struct journal *journal);

	/* Reads a page on a worker thread, then calls read->done. NULL: no history is stored. */
	void (*read_page)(struct journal *journal, struct journal_page_read *read);
	/*
	 * Returns the number of a channel's messages, or at least STATS_COUNT_UNKNOWN if that is
	 * unknown. NULL: read_newest is NULL too.
	 */
	uint64_t (*message_count)(struct journal *journal, struct chat_span channel);
	/* Reads messages on a worker thread, then calls read->done. NULL: no history is stored. */
	void (*read_newest)(struct journal *journal, struct journal_newest_read *read);
	/* Returns the number of the newest removed message; 0: none is known. NULL: always 0. */
	uint64_t (*newest_removed)(const struct journal *journal);
	/*
	 * Returns the number of a message such that all messages up to it are older than time_ms
	 * (Unix time), or 0 if none is known. NULL: always 0.
	 */
	uint64_t (*newest_older_than)(const struct journal *journal, int64_t time_ms);

	/* Returns the size of its files in bytes. NULL: it has no files. */
	uint64_t (*bytes)(const struct journal *journal);
	/* Returns its memory in bytes, without unwritten_bytes. NULL: always 0. */
	size_t (*memory)(const struct journal *journal);
	/*
	 * Begins a new file at the next commit, so that the old one can be copied. NULL: it has no
	 * files.
	 */
	void (*rotate)(struct journal *journal);
	/*
	 * Settles and frees the journal. Its handles on the loop must be closed. in_use: a
	 * read_page or read_newest has not called `done`; then nothing is freed, and the process
	 * must end.
	 */
	enum journal_end (*close)(struct journal *journal, bool in_use);
};

/* The first member of the structure of every kind. */
struct journal {
	const struct journal_kind *kind;
	struct journal_events events;
	void *arg; /* the argument of the events */
	size_t unwritten_bytes; /* memory of appended messages that are not written yet */
	char trouble[192]; /* the reason why messages are refused; "" if they are accepted */
	uint64_t failures; /* the number of failed writes, syncs and checks since it was opened */
};

/* ---- journal.c ---- */

/* Formats a sentence and passes it to events.warn. May be called on any thread. */
void journal_warn(const struct journal *journal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- null_journal.c ---- */

/*
 * Opens a journal that stores nothing: messages are durable when they are committed. Never returns
 * NULL.
 */
struct journal *null_journal_open(const struct journal_events *events, void *arg);

#endif
