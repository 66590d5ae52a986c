#ifndef LISTEN_FEED_PAST_H
#define LISTEN_FEED_PAST_H

#include "chat/msg.h"
#include "chat/span.h"
#include "listen/feed.h"

/*
 * What was said before a feed joined, or while its connection was lost: histories become what the
 * user asked for, in which each message is told once, and gaps are found.
 */

/* The feed has joined, for the first time or again. */
void feed_past_begin(struct feed *feed);

/* A history, or a page of one that is told in several: line is its text. */
void feed_tell_history(struct feed *feed, struct chat_span line, const struct chat_msg *msg);

/* From here on all is live. Whoever was to hear of a past and got none hears of a gap. */
void feed_past_end(struct feed *feed);

/* A message was dealt with. */
void feed_note(struct feed *feed, const struct chat_msg *msg);

#endif
