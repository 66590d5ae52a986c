#ifndef VALIDATE_STATE_H
#define VALIDATE_STATE_H

#include "chat/msg.h"
#include "chat/span.h"

/*
 * --state: checks the order of the messages of one file. It keeps the id and the time of the last
 * message of every channel, and the presence of every user of a channel. Memory grows with the
 * number of channels, and of users since the last userData, not with that of messages. scan: the
 * variant of the scanner that reads lists; -1: none.
 */
struct state *state_new(int scan);
void state_free(struct state *state);

/* Forgets everything, before another file. */
void state_reset(struct state *state);

/*
 * Checks a message in which chat_msg_check() has found nothing wrong, and notes it. line is its
 * JSON. Calls report, with arg, for each finding.
 */
void state_check(struct state *state, const struct chat_msg *msg, struct chat_span line,
	chat_msg_report *report, void *arg);

#endif
