#ifndef VALIDATE_STATE_ORDER_H
#define VALIDATE_STATE_ORDER_H

#include "validate/state_store.h"

/* Reports a `message` that does not come after the last one of its channel. */
void state_check_message(const struct look *look, const struct chat_msg *msg);

/* Reports the messages of a `history` that are not in order. */
void state_check_history(const struct look *look, const struct chat_msg *msg);

#endif
