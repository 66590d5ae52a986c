#ifndef SERVE_SESSION_AUTH_QUEUE_H
#define SERVE_SESSION_AUTH_QUEUE_H

#include "chat/span.h"
#include "serve/session/session.h"

/*
 * Who comes from an address that is barred, since too many tokens from there were wrong, is looked
 * at in turn: one of each such address at a time (guests_take_turns). So guessing is slow, and who
 * has the right token gets in, whoever else is at the same address. Until its turn comes a guest is
 * not read; what it said in the same breath as init waits with it.
 */
struct guest_turn;

/* It waits, with its init. */
void guest_wait(struct guest *guest, struct chat_span init);

/* What one that waits says. */
void guest_wait_longer(struct guest *guest, struct chat_span text);

/* It waits no more; nothing if it did not. */
void guest_wait_ends(struct guest *guest);

/* One of each address is heard. */
void guests_take_turns(struct server *server);

#endif
