#ifndef SERVE_SESSION_INIT_H
#define SERVE_SESSION_INIT_H

#include "chat/msg.h"
#include "serve/session/session.h"

/* Handles the init of a session that has not joined: makes the peer a member of the channel that it
 * requested, or sends the error that says why not. */
void session_init(struct session *session, const struct chat_msg *msg);

#endif
