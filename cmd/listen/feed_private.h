#ifndef LISTEN_FEED_PRIVATE_H
#define LISTEN_FEED_PRIVATE_H

#include <stdbool.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "listen/feed.h"

/* Shared by the files feed_*.c alone. */

/* ---- feed_history.c ---- */

/* Begins the past of a connection that has just joined. */
void feed_begin_past(struct feed *feed);

/* Prints a history, or a page of one. line is its text. */
void feed_print_history(struct feed *feed, struct chat_span line, const struct chat_msg *msg);

/* Ends the past: what comes now is live. Reports a gap if a history was due and none came. */
void feed_end_past(struct feed *feed);

/* ---- feed_gap.c ---- */

/* Notes that a message was dealt with: the position moves to it. */
void feed_note(struct feed *feed, const struct chat_msg *msg);

/* Returns true if a message is older than the time of --since. */
bool feed_is_old(const struct feed *feed, const struct chat_msg *msg);

/* Returns true if the position is before all messages. */
bool feed_is_at_beginning(const struct feed *feed);

/* Returns true if all messages that the server keeps are wanted and none of them has come. */
bool feed_wants_beginning(const struct feed *feed);

/* Reports that messages may be missing before `next`, or at the end if next is NULL. */
void feed_report_gap(struct feed *feed, const struct chat_msg *next);

/* Reports a gap between the position and a history that does not continue there. */
void feed_find_gap(struct feed *feed, const struct chat_msg *msg);

#endif
