#ifndef CLIENT_MEMBERSHIP_PRIVATE_H
#define CLIENT_MEMBERSHIP_PRIVATE_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/span.h"
#include "client/membership.h"

/*
 * Shared by the files membership_*.c alone. An event is filled by at most one function of a turn.
 */

/* ---- membership_connect.c ---- */

/* Begins to connect. Fills in the event: MEMBERSHIP_CONNECT, or that it failed at once. */
void chat_membership_connect(struct membership *membership, struct membership_event *event);

/* Drops the connection, if there is one. */
void chat_membership_disconnect(struct membership *membership);

/*
 * Drops a connection that failed with err. The event is MEMBERSHIP_LOST if another attempt
 * follows, else MEMBERSHIP_END or MEMBERSHIP_CLOSED.
 */
void chat_membership_lose(
	struct membership *membership, const struct chat_err *err, struct membership_event *event);

/* Calls chat_membership_lose() with an error of this code and text. */
void chat_membership_fail(struct membership *membership, enum chat_code code, const char *text,
	struct membership_event *event);

/* Returns true if another attempt may help after an error of this code. */
bool chat_membership_is_passing(enum chat_code code);

/* ---- membership_join.c ---- */

/* The connection is open: sends init. */
void chat_membership_opened(struct membership *membership, struct membership_event *event);

/* Takes membership->msg, whose line is text, as the answer to init. */
void chat_membership_receive_first(
	struct membership *membership, struct chat_span text, struct membership_event *event);

/* Joins without an answer to init, which the specification does not ask for. */
void chat_membership_join_unanswered(struct membership *membership, struct membership_event *event);

/* Notes membership->msg: an error, a history. */
void chat_membership_receive_error(struct membership *membership);
void chat_membership_receive_history(struct membership *membership);

/* Sets the time until which the next history, or its next page, should have come. */
void chat_membership_expect_history(struct membership *membership);

/* Fills in MEMBERSHIP_CATCH_UP, once for each connection. */
void chat_membership_catch_up(struct membership *membership, struct membership_event *event);

/* ---- membership_next.c ---- */

/* Returns true if the server is not read, because the owner has paused the membership. */
bool chat_membership_is_held(const struct membership *membership);

/* Returns true if pings look after the server: it is read, or must answer init. */
bool chat_membership_is_watched(const struct membership *membership);

#endif
