#ifndef VALIDATE_STATE_ORDER_H
#define VALIDATE_STATE_ORDER_H

#include "validate/state_store.h"

/*
 * Reports a `message` if its id or time is not in order after the last message of its channel, and
 * notes it.
 */
void state_check_message(const struct look *look, const struct chat_msg *msg);

/* Reports the messages of a `history` that are not in order, and notes the last one. */
void state_check_history(const struct look *look, const struct chat_msg *msg);

#endif
