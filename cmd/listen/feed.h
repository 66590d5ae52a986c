#ifndef LISTEN_FEED_H
#define LISTEN_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/membership.h"
#include "client/seen.h"
#include "common/settings.h"
#include "listen/bot.h"
#include "listen/interruption.h"
#include "listen/printer.h"
#include "listen/recent.h"

/*
 * One channel that is listened to. Each message is printed once and in order, a history as
 * --history says, and gaps are reported.
 */
struct feed {
	size_t number; /* the index of the channel, from 0 */
	const struct settings *settings; /* borrowed */
	struct printer *printer; /* borrowed */
	struct bot *bot; /* the command of --exec; borrowed; NULL: none */
	struct membership membership;
	struct seen seen; /* the ids of the messages that were handled */
	struct interruption interruption; /* with --human: what is said of the connection */
	bool ended; /* the membership has ended */

	/* Of the current connection: */
	bool past_done; /* the last page of its history was handled */
	bool caught_up; /* the history has ended: later messages are live */
	struct recent recent; /* with --last and several pages: the last messages so far */

	/* Over all connections: */
	bool resumes; /* it began with a position: the first history is what was missed */
	bool wants_all; /* it began with POSITION_BEGINNING: all messages are wanted */
	bool was_caught_up; /* caught_up was true once */
	int64_t from_ms; /* the time of --since: older messages are not wanted; 0: none */
	bool skips; /* every message so far was older than from_ms */
};

/* The position at which a feed begins. */
struct feed_start {
	const char *cursor_id; /* the id in the cursor file; borrowed; NULL: none */
	bool has_cursor; /* --cursor-file is given */
};

/* Begins to connect. feed->number must be set. All but start are borrowed, printer->bot too. */
void feed_open(struct feed *feed, struct printer *printer, const struct settings *settings,
	const struct chat_url_list *urls, const struct feed_start *start);
void feed_close(struct feed *feed);

/* Joins again, and handles the messages after this id again. */
void feed_rewind(struct feed *feed, const char *since);

/*
 * Handles events of the membership, at most those of one turn. chat_membership_await() adds a time
 * in the past if more are left. Returns early when the run begins to end.
 */
void feed_run(struct feed *feed);

#endif
