#ifndef SEND_SOURCE_H
#define SEND_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "client/draft.h"
#include "command/strings.h"
#include "send/upload.h"
#include "text/buf.h"
#include "text/line.h"

/* The input: words of the command line, files, lines of JSON or of text, or a log. */
struct source {
	char *words; /* joined to one text, owned; NULL: none */
	bool words_taken; /* words are sent */
	struct upload *uploads; /* the files, in order; owned */
	size_t upload_count;
	size_t upload_next; /* the file that is read now */
	bool has_lines; /* lines are read, from stdin or from a log */
	bool lines_are_text; /* --lines */
	bool replays; /* --replay: the lines are a log */
	bool splits; /* --split */
	bool replaces; /* --replace */
	const char *channel; /* of the connection; borrowed */
	struct chat_buf replaced; /* scratch: a text after --replace */
	struct chat_lines lines; /* valid if has_lines is true */
	struct chat_span rest; /* of a text that is being split; empty: none */
	double speed; /* of a replay; 1: with the pauses of the log; 0: at once */
	int64_t first_logged_ms; /* of a replay: the time of its first message; -1: not known yet */
	int64_t first_sent_ms; /* of a replay: when that message was due, by chat_now_ms() */
	struct draft held; /* of a replay: a message that is not due yet */
	int64_t due_ms; /* when held is due; INT64_MAX: nothing is held */
	uint64_t number; /* of the last message, from 1, if there are no lines */
	bool ended; /* all messages are taken */
	bool stopped; /* by the owner: nothing more is read */
};

enum source_what {
	SOURCE_NOTHING, /* poll source_fd() until source_wake_ms() first */
	SOURCE_DRAFT, /* a message */
	SOURCE_ILLEGAL, /* no message; err says why */
	SOURCE_END
};

/* If words, files and replay are all missing, stdin is read. All pointers are borrowed. */
struct source_options {
	char **words;
	size_t word_count;
	struct chat_strings files;
	const char *name; /* of the file for receivers; NULL: its own */
	const char *mime; /* its media type; NULL: it is found by the content */
	const char *replay; /* the log; "-": stdin; NULL: none */
	const char
		*channel; /* of the connection; a line of JSON that names another one is refused */
	double speed;
	bool lines;
	bool split;
	bool replace;
};

/* Opens the input. Returns 0, or -1 with CHAT_CANNOT_OPEN or CHAT_USAGE. Reads nothing yet. */
int source_open(struct source *source, const struct source_options *options, struct chat_err *err);
void source_close(struct source *source);

/*
 * Takes the next message. *number is its number in the input, from 1: that of the line if there are
 * lines. The caller owns the draft.
 */
enum source_what source_next(
	struct source *source, struct draft *draft, uint64_t *number, struct chat_err *err);

/* Returns the time when source_next() has a message even if nothing is read, or INT64_MAX. */
static inline int64_t
source_wake_ms(const struct source *source)
{
	return source->due_ms;
}

/* Returns the descriptor to poll for POLLIN after SOURCE_NOTHING, or -1. */
int source_fd(const struct source *source);

/* Reads once. Call it when source_fd() is readable. Returns 0, or -1 with the error of the file. */
int source_fill(struct source *source, struct chat_err *err);

/* Returns true if lines are read and their end has not come. */
static inline bool
source_is_unread(const struct source *source)
{
	return source->has_lines && !source->ended;
}

/* Returns the name of the last file for receivers, or NULL. */
const char *source_file_name(const struct source *source);

/* Returns the word for what is numbered: "line", "file" or "message". */
const char *source_noun(const struct source *source);

#endif
