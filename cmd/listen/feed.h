#ifndef LISTEN_FEED_H
#define LISTEN_FEED_H

#include <stdbool.h>

#include "client/membership.h"
#include "client/seen.h"
#include "listen/recent.h"

struct listener;

/*
 * One channel that is listened to: its membership, and what of it was told already.
 */
struct feed {
	struct listener *listener;
	struct membership membership;
	struct seen seen;
	bool resumes; /* began with a position: its history is what was missed */
	bool caught_up;
	bool wants_all; /* that is kept: that there is none before it is no gap */
	bool was_caught_up; /* once, on some connection */
	int64_t from_ms; /* what is older is not wanted of the past; 0: all is */
	bool skips; /* there was only such until now */
	bool told_past; /* since the last joining: a history was dealt with, the last page of it */
	struct recent recent; /* of pages before it, where only the last messages are wanted */
	bool ended;
};

void feed_open(struct feed *feed, struct listener *listener, const struct chat_url *url);
void feed_close(struct feed *feed);

/* Goes back: joins anew, and what came after the message with this id is told again. */
void feed_rewind(struct feed *feed, const char *since);

/* Deals with some of what the membership has; whether there is more its membership_await tells. */
void feed_run(struct feed *feed);

#endif
