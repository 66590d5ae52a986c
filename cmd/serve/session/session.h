#ifndef SERVE_SESSION_SESSION_H
#define SERVE_SESSION_SESSION_H

#include <stdint.h>

#include "serve/net/conn.h"
#include "serve/session/context.h"

/*
 * A session is a peer's conversation with the server, from its request to the end of its
 * connection. It ties a connection to a member of a channel: `init` makes the peer a member, `text`
 * and `file` are posted in the channel, every other message is an error.
 */
enum session_state {
	SESSION_ACTIVE, /* none of the states below; also before the request */
	SESSION_AWAITS_INIT, /* the request was accepted, and the peer has not joined */
	SESSION_DENIED, /* its token was wrong; it gets the error after a while */
	SESSION_STALLED, /* not read: too much waits for the journal (backpressure.h) */
	SESSION_THROTTLED, /* not read until the next sweep: it sent more than its rate allows */
	SESSION_AWAITS_AUTH, /* not read: its token is checked in its turn (auth_queue.h) */
	SESSION_SETTLING /* its Close is answered when its messages are stored or refused */
};

struct session {
	struct conn conn; /* first: an event of the connection is one of its session */
	struct member member;
	struct session_context *context;
	struct channel *requested; /* the channel of its request; NULL before that, and once it has
				      joined */
	struct address *address; /* the peer's, which counts this connection */
	union {
		struct session *next_in_state; /* in the list of its state */
		struct auth_wait *auth_wait; /* in SESSION_AWAITS_AUTH; the queue owns it */
		size_t destination; /* the number of the loop that it goes over to (request.h) */
	};
	struct session *prev_in_state;
	int64_t state_since_ms;
	uint64_t ticket; /* no message that it posted has a higher one; 0: it has posted none */
	int64_t errors_since_ms; /* when the first of `errors` was sent */
	uint32_t errors; /* bad messages in the present window of time (reply.c) */
	enum session_state state;
	unsigned char *digest; /* SHA-256 of its token, owned; NULL: it has shown none */
	struct catchup_reader *catchup; /* owned by catchup.c; NULL: it does not catch up */
};

/* Returns the session of this connection. */
static inline struct session *
session_of(struct conn *conn)
{
	return (struct session *)conn;
}

/*
 * Changes the state: the session leaves the list, or the queue, of its old state and joins the list
 * of the new one. For SESSION_AWAITS_AUTH the caller pushes it into the queue, after this.
 */
void session_set_state(struct session *session, enum session_state state);

/* Writes a line about the session to the error log, with --verbose. */
void session_log(const struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
