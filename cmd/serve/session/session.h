#ifndef SERVE_SESSION_SESSION_H
#define SERVE_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "serve/channel/channel.h"
#include "serve/net/address.h"
#include "serve/net/conn.h"

/*
 * A peer's conversation with the server: what its messages mean. It ties a connection to a place in
 * a channel: init makes it a member, text and file are said there, everything else is an error.
 */
struct server;
struct catchup_reader;
struct auth_wait;

enum session_queue {
	SESSION_NOWHERE,
	SESSION_OWES_INIT, /* server->owing */
	SESSION_DENIED, /* server->denied: its token was wrong, and it is to hear so */
	SESSION_STALLED, /* server->backlog.stalled: it is to say no more now */
	SESSION_HASTY, /* server->hasty: it says more than it may, and is not read for a moment */
	SESSION_WAITS /* its turn, in server->turns (auth_wait.h) */
};

struct session {
	struct conn conn; /* first: a conn's event is its session's */
	struct member member;
	struct server *server;
	struct channel *lobby; /* the channel it asked for and has not joined yet */
	struct address *address; /* counted there */
	union {
		struct session *next_queued;
		struct auth_wait *turn; /* where it waits for that */
	};
	struct session *prev_queued;
	int64_t queued_ms; /* since when it is in its queue */
	int64_t errors_ms; /* the window of bad messages began */
	uint32_t errors; /* in it */
	enum session_queue queue;
	unsigned char *digest; /* of its token, owned; NULL: none was asked for */
	struct catchup_reader
		*reader; /* a member that is sent the past (catchup.h); NULL: it is not */
};

static inline struct session *
session_of(struct conn *conn)
{
	return (struct session *)conn;
}

/* The events of the connections of all sessions. */
extern const struct conn_events session_events;

/* A session for an accepted socket, in TLS unless tls is NULL; it frees itself when the connection
 * ends. */
void session_start(struct server *server, int fd, struct tls *tls, struct address *address);

/* Sends an error about nothing in particular, and closes if it is fatal (code 1001, 1008, …). */
void session_shut(
	struct session *session, enum chat_code code, const char *text, uint16_t close_code);

/* Ends those whose init is overdue, or whose token was wrong. */
void session_sweep(struct server *server);

/* The tokens have changed: members that are not among them any more are thrown out. */
void sessions_review(struct server *server);

/*
 * Between the files of a session.
 */
/* A line about it on stderr, where that is wanted. */
void session_log(const struct session *session, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Says that there is not enough credit before so long; who goes on joining is a bad peer. */
void session_delay(
	struct session *session, const char *text, struct chat_span nonce_json, int64_t wait_ms);
void session_delay_join(struct session *session, int64_t wait_ms);
/* A bad message: an error each, and too many of them end the connection. */
void session_refuse(
	struct session *session, const struct chat_err *err, struct chat_span nonce_json);
/*
 * What it does is paid for (session_rate.c): 0, or in how many milliseconds it can be. A message of
 * so many bytes; a request, which pays for the join, too, where no names are proven; a join under
 * the id of a proven name. At its end it pays no more.
 */
int64_t session_rate_message(struct session *session, size_t bytes);
int64_t session_rate_request(struct session *session, bool makes_channel);
int64_t session_rate_join(struct session *session, struct chat_span id);
void session_rate_leave(struct session *session);
/* What it has said cannot be taken now: it may be said again later. */
void session_put_off(struct session *session, struct chat_span nonce_json);
/* As conn_events.on_request. */
int session_request(struct conn *conn, const struct chat_http_request *request, const char **why);
/* What its peer says, in its turn. */
void session_hear(struct session *session, struct chat_span text);
/* A first init. */
void session_init(struct session *session, const struct chat_msg *msg);
/* Leaves its queue for this one. */
void session_enqueue(struct session *session, enum session_queue queue);

#endif
