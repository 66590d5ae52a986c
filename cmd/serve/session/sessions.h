#ifndef SERVE_SESSION_SESSIONS_H
#define SERVE_SESSION_SESSIONS_H

#include <stdbool.h>

#include "serve/session/context.h"

/*
 * All sessions of a server: how they begin and end, and what is done for them from time to time.
 * The server fills in a session_context and opens its parts that need a loop or channels; a
 * session begins and ends with its connection.
 */

/* The callbacks of every connection. */
extern const struct conn_events session_events;

/* Begins a session on an accepted socket, in TLS unless tls is NULL. The session is freed after
 * its connection has ended; it then no longer counts for the address. */
void session_start(
	struct session_context *context, int fd, struct tls *tls, struct address *address);

/* Begins to serve a session that has left another loop (session_context.hand_over). */
void session_adopt(struct session *session, struct session_context *context);

/*
 * Ends the sessions with an overdue init or a wrong token, resumes those that were throttled, and
 * checks one waiting session of each barred address, if it is this loop's turn to do that. Call it
 * several times a second.
 */
void sessions_sweep(struct session_context *context);

/* Resumes stalled sessions at the end of a turn, until too much waits for the journal. Returns true
 * if there is room for more. */
bool sessions_resume(struct session_context *context);

/* Answers the Close of peers whose messages are stored or refused. Call it after each commit of the
 * journal. */
void sessions_settle(struct session_context *context);

/* Ends the sessions of users that are no longer let in, after the tokens were read again. */
void sessions_recheck(struct session_context *context);

/* Ends the session of a member, because the id or the name of its user belongs to another. The
 * member leaves its channel now. */
void session_expel(struct member *member);

/* Tells every peer that the server ends, and closes. Aborts connections that are in the handshake.
 */
void sessions_shut_down(struct session_context *context);

/* Frees what the sessions share. No session may be left. */
void session_context_free(struct session_context *context);

#endif
