#ifndef VALIDATE_STATE_PRESENCE_H
#define VALIDATE_STATE_PRESENCE_H

#include "validate/state_store.h"

/* Notes the users that a `userData` lists. */
void state_note_users(const struct look *look, const struct chat_msg *msg);

/* Reports a `userStatus` that changes nothing, and notes it. */
void state_check_status(const struct look *look, const struct chat_msg *msg);

#endif
