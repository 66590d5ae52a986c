#ifndef LISTEN_LISTENER_H
#define LISTEN_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/poll_set.h"
#include "client/settings.h"
#include "client/signals.h"
#include "listen/bot.h"
#include "listen/cursor.h"
#include "listen/feed.h"
#include "listen/listener_options.h"
#include "listen/printer.h"

/*
 * chat-listen: messages go from the memberships of the feeds through the printer to the output, in
 * one poll loop. It starts with the first three members set, cursor, signals, printer.output and
 * printer.saver open, the rest zeroed.
 */
struct listener {
	const struct settings *settings; /* borrowed */
	const struct listener_options *options; /* borrowed */
	struct bot *bot; /* the command of --exec; NULL: there is none; borrowed */
	struct feed *feeds; /* one for each channel */
	size_t feed_count;
	struct printer printer;
	struct cursor cursor;
	uint64_t saved_bytes; /* of the output, that were written when the cursor was saved last */
	struct signals signals;
	struct poll_set waits;
	int caught_signal; /* 0: none */
	int64_t deadline_ms; /* of --timeout or after a signal; INT64_MAX: none */
	int64_t last_message_ms; /* when a line was printed last, for --until-idle */
};

/* Runs to the end. Returns the exit status, or the negative number of a signal to die by. */
int listener_run(struct listener *listener, const struct chat_url *urls, size_t count);

/*
 * The parts of listener_run(). listener_turn() does what can be done without waiting and returns
 * false at the end. Between two turns listener_await() adds to the waits what the next turn waits
 * for; when poll(2) finds something ready listener_woken() takes signals and looks for a reader
 * that is gone.
 */
void listener_begin(struct listener *listener, const struct chat_url *urls, size_t count);
bool listener_turn(struct listener *listener);
void listener_await(struct listener *listener);
void listener_woken(struct listener *listener);
int listener_finish(struct listener *listener);

#endif
