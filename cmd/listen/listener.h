#ifndef LISTEN_LISTENER_H
#define LISTEN_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/poll_set.h"
#include "common/settings.h"
#include "common/signals.h"
#include "listen/bot.h"
#include "listen/cursor.h"
#include "listen/feed.h"
#include "listen/listener_options.h"
#include "listen/printer.h"

/*
 * chat-listen: one poll loop receives messages from the memberships of the feeds, and the printer
 * writes them to the output. Before listener_run() these must be set: settings, options, bot,
 * signals, printer.output, and cursor and printer.saver if they are used. The rest must be zeroed.
 */
struct listener {
	const struct settings *settings; /* borrowed */
	const struct listener_options *options; /* borrowed */
	struct bot *bot; /* the command of --exec; borrowed; NULL: none */
	struct feed *feeds; /* one for each channel */
	size_t feed_count;
	struct printer printer;
	struct cursor cursor;
	uint64_t saved_bytes; /* printer.output.written when the cursor was last saved */
	struct signals signals;
	struct poll_set waits;
	int caught_signal; /* the first signal that was caught; 0: none */
	int64_t deadline_ms; /* of --timeout, or after a signal; INT64_MAX: none */
	int64_t last_message_ms; /* when a message was last printed, or the start */
};

/* Runs to the end; there is a list of URLs for each channel, borrowed. Returns the exit status, or
 * the negated number of the signal to die by. */
int listener_run(struct listener *listener, const struct chat_url_list *urls, size_t count);

/*
 * The parts of listener_run(). listener_turn() does all that is possible without waiting, and
 * returns false at the end. After each turn listener_await() collects in waits the events that the
 * next turn needs. If poll(2) returns an event, listener_woken() takes a signal and checks if the
 * reader of the output is gone. listener_finish() frees the feeds and returns the exit status.
 */
void listener_begin(struct listener *listener, const struct chat_url_list *urls, size_t count);
bool listener_turn(struct listener *listener);
void listener_await(struct listener *listener);
void listener_woken(struct listener *listener);
int listener_finish(struct listener *listener);

#endif
