#ifndef LISTEN_LISTENER_H
#define LISTEN_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/membership.h"
#include "client/output.h"
#include "client/settings.h"
#include "client/signals.h"
#include "client/waits.h"
#include "listen/bot.h"
#include "listen/cursor.h"
#include "listen/feed.h"
#include "listen/filter.h"
#include "listen/human.h"
#include "listen/marks.h"
#include "listen/save.h"
#include "listen/since.h"

/*
 * chat-listen at work: sessions → filter → stdout, in one poll loop.
 */
enum listener_history {
	LISTENER_HISTORY_AUTO, /* flat where a listener resumes, a line otherwise */
	LISTENER_HISTORY_LINE,
	LISTENER_HISTORY_FLAT,
	LISTENER_HISTORY_NONE
};

struct listener_options {
	struct filter filter;
	enum listener_history history;
	int64_t last; /* of history; -1: all */
	struct since since;
	int64_t count; /* lines, then the end; 0: no limit */
	int64_t timeout_ms; /* 0: none */
	int64_t until_idle_ms; /* 0: not that */
	bool no_follow;
	bool wait;
	int64_t retry_for_ms; /* -1: for ever */
	bool hidden;
	bool events;
	bool human;
	bool color;
	bool saves; /* files */
};

struct listener {
	const struct settings *settings;
	const struct listener_options *options;
	struct feed *feeds;
	size_t feed_count;
	bool several_servers; /* and not only several channels of one */
	struct output output;
	struct signals signals;
	struct waits waits;
	struct bot *bot; /* whose stdin is the output; NULL: none */
	struct cursor cursor;
	struct marks marks; /* of what the cursor may say when it is written */
	uint64_t kept; /* of the output, that the cursor's file knows of */
	struct saver saver; /* with saves */
	struct human human; /* with human */
	struct chat_buf line, saved; /* scratch */
	uint64_t printed;
	bool closing; /* nothing more is printed */
	int64_t closing_ms; /* since when */
	bool cursor_good; /* nothing that was dealt with failed to be printed */
	bool gap; /* something may be missing in what was printed */
	int status;
	int caught_signal;
	int64_t deadline_ms; /* of --timeout */
	int64_t last_message_ms; /* for --until-idle */
};

/*
 * Runs to the end. Returns the exit status, or a signal to die by, negative. The parts of it:
 * begin; then turns, each of which does what can be done without waiting, until one is false: it is
 * at its end; and between two turns await, poll the waits, and woken.
 */
int listener_run(struct listener *listener, const struct chat_url *urls, size_t count);
void listener_begin(struct listener *listener, const struct chat_url *urls, size_t count);
bool listener_turn(struct listener *listener);
void listener_await(struct listener *listener);
void listener_woken(struct listener *listener);
int listener_finish(struct listener *listener);

/* Prints a message if it is wanted: line as it came, msg as it was read. */
void listener_print(struct listener *listener, const struct feed *feed, struct chat_span line,
	const struct chat_msg *msg);

/* All before the feed's position is printed, or will be with what is in the output. */
void listener_mark(struct listener *listener, const struct feed *feed);

/* Prints a line of our own ({"type":"$…"}), with --events. */
void listener_event(struct listener *listener, const struct feed *feed, struct chat_span line);

/* Begins to end: status is the first that was given and is not 0. */
void listener_end(struct listener *listener, int status);

/* The same, whatever else was the status. */
void listener_fail(struct listener *listener, int status);

/* Closes all sessions, each within this time. */
void listener_close_sessions(struct listener *listener, int64_t limit_ms);

#endif
