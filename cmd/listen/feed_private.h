#ifndef LISTEN_FEED_PRIVATE_H
#define LISTEN_FEED_PRIVATE_H

#include <stdbool.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "listen/feed.h"

/* Shared by the files feed_*.c alone. */

/* ---- feed_history.c ---- */

/* Call it when a connection has joined, before its history. */
void feed_begin_past(struct feed *feed);

/* Prints a history, or a page of it. line is its JSON. */
void feed_print_history(struct feed *feed, struct chat_span line, const struct chat_msg *msg);

/*
 * Call it after the history of a connection; later messages are live. Reports a gap if a history
 * should have come and did not.
 */
void feed_end_past(struct feed *feed);

/* ---- feed_gap.c ---- */

/* Notes that a message was handled, and moves the position to it. */
void feed_note(struct feed *feed, const struct chat_msg *msg);

/* Returns true if a message is older than the time of --since. */
bool feed_is_old(const struct feed *feed, const struct chat_msg *msg);

/* Returns true if the position is POSITION_BEGINNING. */
bool feed_is_at_beginning(const struct feed *feed);

/* Returns true if all messages of the server are wanted and none was received. */
bool feed_wants_beginning(const struct feed *feed);

/* Reports that messages may be missing before `next`; NULL: after the last message so far. */
void feed_report_gap(struct feed *feed, const struct chat_msg *next);

/* Reports a gap if messages are missing between the position and a history. */
void feed_find_gap(struct feed *feed, const struct chat_msg *msg);

#endif
