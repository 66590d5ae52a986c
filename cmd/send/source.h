#ifndef SEND_SOURCE_H
#define SEND_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/line.h"
#include "client/draft.h"
#include "command/strings.h"
#include "send/upload.h"

/*
 * Where the messages come from: words of the command line, files, lines of JSON or of text.
 */
struct source {
	char *words; /* one text, owned; NULL: none */
	bool words_taken;
	struct upload *uploads; /* files, in order */
	size_t upload_count;
	size_t upload_next;
	bool has_lines; /* reads stdin, or the log that is replayed */
	bool lines_are_text; /* --lines */
	bool replays;
	const char *channel; /* borrowed */
	bool splits;
	bool replaces; /* what of a text cannot be sent */
	struct chat_buf mended; /* such a text */
	struct chat_lines lines;
	struct chat_span rest; /* of a text that is being split, within words or lines */
	double speed; /* of a replay, 1: as it was; 0: at once */
	int64_t first_told_ms,
		first_sent_ms; /* of a replay: where its clock and ours met; -1: not yet */
	struct draft held; /* until its time has come */
	int64_t due_ms; /* of held; INT64_MAX: nothing is held */
	uint64_t number; /* of the message taken last, where there are no lines */
	bool ended;
	bool stopped; /* by a signal: nothing more is read */
};

enum source_what {
	SOURCE_NOTHING, /* poll source_fd until source_wake_ms first */
	SOURCE_DRAFT,
	SOURCE_ILLEGAL, /* err says why */
	SOURCE_END
};

/* words may be NULL and files empty: with both so, stdin is read. */
struct source_options {
	char **words;
	size_t word_count;
	struct chat_strings files;
	const char *name; /* of the file, NULL: its own */
	const char *mime; /* NULL: found by its content */
	const char *replay; /* a log, "-": stdin; NULL: none */
	const char *channel; /* where all is said; a line of JSON that names another is refused */
	double speed;
	bool lines;
	bool split;
	bool replace;
};

/* -1: CHAT_CANNOT_OPEN, CHAT_USAGE. Nothing of stdin is read before it is needed. */
int source_open(struct source *source, const struct source_options *options, struct chat_err *err);
void source_close(struct source *source);

/* The next message; number says which it is in the input, from 1. */
enum source_what source_next(
	struct source *source, struct draft *draft, uint64_t *number, struct chat_err *err);

/* When source_next has something without anything to be read; INT64_MAX: never. */
static inline int64_t
source_wake_ms(const struct source *source)
{
	return source->due_ms;
}

/* What to poll for POLLIN after SOURCE_NOTHING, -1: nothing. */
int source_fd(const struct source *source);

/* Reads once, after poll said so. -1: CHAT_IO_ERROR. */
int source_fill(struct source *source, struct chat_err *err);

/* Whether it reads lines and has not met their end. */
static inline bool
source_is_unread(const struct source *source)
{
	return source->has_lines && !source->ended;
}

/* The file that was taken last, as receivers see it; NULL: none. */
const char *source_file_name(const struct source *source);

/* What the numbers of its messages count: "line", "file", "message". */
const char *source_noun(const struct source *source);

#endif
