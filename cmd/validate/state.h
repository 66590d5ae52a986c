#ifndef VALIDATE_STATE_H
#define VALIDATE_STATE_H

#include "chat/msg.h"
#include "chat/span.h"

/*
 * The order of the messages of one file, --state: what each of them may be after those before it.
 * Kept are, for every channel, the id and the time of its last message, and for every user of a
 * channel whether he is there: memory grows with channels and users, not with the messages.
 */
struct state *state_new(void);
void state_free(struct state *state);

/* Forgets everything: another file begins. */
void state_reset(struct state *state);

/* A message that chat_msg_check found nothing wrong with. */
void state_check(struct state *state, const struct chat_msg *msg, struct chat_span line,
	chat_msg_report *report, void *arg);

#endif
