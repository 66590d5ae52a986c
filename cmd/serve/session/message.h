#ifndef SERVE_SESSION_MESSAGE_H
#define SERVE_SESSION_MESSAGE_H

#include "chat/span.h"
#include "serve/session/session.h"

/* Handles a text message that the connection has received (conn_events.on_message), or keeps it if
 * the session waits for the check of its token. */
void session_receive(struct conn *conn, struct chat_span text);

/* Checks a message by every rule and does what it asks, or answers it with an error. */
void session_handle(struct session *session, struct chat_span text);

#endif
