#ifndef SERVE_SESSION_CHARGE_H
#define SERVE_SESSION_CHARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/session/session.h"

/*
 * Charges what a session does to its user or its address, at the rate limiter. If usernames are
 * proven, the name pays, for all its connections; otherwise the connection pays, because an id is
 * only a claim. The address also pays, for all its sessions together. It has more credit than one
 * name or connection, because many people may share it.
 *
 * The functions that return a value return 0 if the price was paid, or the milliseconds to wait.
 */

/* Charges for a message of this size. The session must have joined. */
int64_t session_charge_message(struct session *session, size_t bytes);

/* Charges for a new channel; if names are not proven, also for the join. */
int64_t session_charge_request(struct session *session, bool makes_channel);

/* Charges for a join under this proven id. Returns 0 if names are not proven. */
int64_t session_charge_join(struct session *session, struct chat_span id);

/* Makes the rate limiter forget the connection of a session that ends. */
void session_charge_end(struct session *session);

#endif
