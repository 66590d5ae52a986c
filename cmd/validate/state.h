#ifndef VALIDATE_STATE_H
#define VALIDATE_STATE_H

#include "chat/msg.h"
#include "chat/span.h"

/*
 * --state: checks the order of the messages of one file. It keeps, for every channel, the id and
 * the time of the last message, and for every user of a channel whether the user is there. Memory
 * grows with channels and users, not with messages.
 */
struct state *state_new(void);
void state_free(struct state *state);

/* Forgets everything, because another file begins. */
void state_reset(struct state *state);

/*
 * Checks a message in which chat_msg_check() found nothing wrong, and notes it. line is the line of
 * the message. Gives each finding to report.
 */
void state_check(struct state *state, const struct chat_msg *msg, struct chat_span line,
	chat_msg_report *report, void *arg);

#endif
