#ifndef VALIDATE_STATE_PRESENCE_H
#define VALIDATE_STATE_PRESENCE_H

#include "validate/state_store.h"

/* Notes a `userData` and the presence of the users in it. */
void state_note_users(const struct look *look, const struct chat_msg *msg);

/*
 * Notes a `userStatus`. Reports it if it does not change the presence of the user, unless the last
 * `userData` was partial. A user who is not in a complete `userData` is offline.
 */
void state_check_status(const struct look *look, const struct chat_msg *msg);

#endif
