#ifndef LISTEN_FEED_H
#define LISTEN_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/membership.h"
#include "client/seen.h"
#include "listen/bot.h"
#include "listen/printer.h"
#include "listen/recent.h"

/*
 * One channel that is listened to. Each message goes to the printer once and in order; histories
 * become what the user asked for, and gaps are found.
 */
struct feed {
	size_t number; /* among the channels, from 0 */
	struct printer *printer; /* borrowed */
	struct bot *bot; /* the command of --exec; NULL: there is none; borrowed */
	struct membership membership;
	struct seen seen; /* ids of the messages dealt with */
	bool ended; /* the membership has ended */

	/* Since the connection has joined: */
	bool past_done; /* the last page of its history was dealt with */
	bool caught_up; /* from here on all messages are live */
	struct recent recent; /* with --last: the last messages of the pages so far */

	/* Over all connections: */
	bool resumes; /* it began with a position: the first history is what was missed */
	bool wants_all; /* it began with POSITION_BEGINNING: all messages are wanted */
	bool was_caught_up; /* caught_up was true once */
	int64_t from_ms; /* messages before this time are not wanted; 0: all are */
	bool skips; /* every message so far was before from_ms */
};

/* The place where a feed begins. */
struct feed_start {
	const char *cursor_id; /* of the last message in the cursor file; NULL: none; borrowed */
	bool has_cursor; /* there is a cursor file */
};

/* Begins to connect. settings and printer are borrowed, and so is printer->bot. */
void feed_open(struct feed *feed, struct printer *printer, const struct settings *settings,
	const struct chat_url *url, const struct feed_start *start);
void feed_close(struct feed *feed);

/* Joins again and prints again what came after the message with this id. */
void feed_rewind(struct feed *feed, const char *since);

/*
 * Deals with some of the events that the membership has. membership_await() tells whether there are
 * more. Returns early when the run begins to end.
 */
void feed_run(struct feed *feed);

#endif
