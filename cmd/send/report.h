#ifndef SEND_REPORT_H
#define SEND_REPORT_H

#include <stdbool.h>

#include "chat/msg.h"

struct sender;

/*
 * What chat-send tells: receipts on stdout, what went wrong on stderr, the exit status.
 */

/* Tells of the messages that are settled, oldest first, up to the first that is not. */
void report_settled(struct sender *sender);

/* Writes of the receipts what goes without waiting. */
void report_flush(struct sender *sender);

/* Prints a message that answers one of ours, or those in a history, while answers are waited for.
 */
void report_replies(struct sender *sender, const struct chat_msg *msg, struct chat_span text);

/* Whether all the answers came that were asked for. */
bool report_answered(const struct sender *sender);

/*
 * Another connection is joined, whose history was shown; complete: nothing is missing in it. Says
 * so where answers may have been missed, or where what was asked is gone with a server that keeps
 * nothing, and then waits for no answer to it.
 */
void report_rejoined(struct sender *sender, bool complete);

/* The time of --timeout is over: says of what it was not enough for. */
void report_overdue(const struct sender *sender);

/* An error of the server that is about no message of ours. */
void report_stray_error(struct sender *sender, const struct chat_msg *msg);

/* Tells what was held back to be told together. */
void report_end(struct sender *sender);

/* The exit status, or a signal to die by, negative. */
int report_status(const struct sender *sender);

#endif
