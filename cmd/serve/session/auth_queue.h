#ifndef SERVE_SESSION_AUTH_QUEUE_H
#define SERVE_SESSION_AUTH_QUEUE_H

#include "chat/span.h"
#include "serve/session/session.h"

/*
 * Who comes from an address that is barred, since too many tokens from there were wrong, is looked
 * at in turn: one of each such address at a time (auth_queue_serve). So guessing is slow, and who
 * has the right token gets in, whoever else is at the same address. Until its turn comes a session
 * is not read; what it said in the same breath as init waits with it.
 */
struct auth_wait;

/* It waits, with its init. */
void auth_queue_wait(struct session *session, struct chat_span init);

/* What one that waits says. */
void auth_queue_add(struct session *session, struct chat_span text);

/* It waits no more; nothing if it did not. */
void auth_queue_leave(struct session *session);

/* One of each address is heard. */
void auth_queue_serve(struct server *server);

#endif
