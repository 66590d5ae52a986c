#ifndef SERVE_SESSION_CHARGE_H
#define SERVE_SESSION_CHARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "serve/session/session.h"

/*
 * Charges what a session does to its user or its address, at the rate limiter. Where usernames are
 * proven, the name pays, from wherever it connects; elsewhere the connection pays, because an id is
 * only a claim. The address also pays, for all sessions that come from it together; it may do more
 * than one of them, because many people may share it.
 *
 * Each function returns 0 when it has taken the price, or in how many milliseconds it can be paid.
 */

/* A message of so many bytes, of a session that has joined. */
int64_t session_charge_message(struct session *session, size_t bytes);

/* A request; where names are not proven it pays for the join, too. */
int64_t session_charge_request(struct session *session, bool makes_channel);

/* A join under this id, which was proven; 0 where names are not. */
int64_t session_charge_join(struct session *session, struct chat_span id);

/* The session ends: the rate limiter forgets its connection. */
void session_charge_end(struct session *session);

#endif
