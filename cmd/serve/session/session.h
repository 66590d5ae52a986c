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
 * a room: init makes it a member, text and file are said there, everything else is an error.
 */
struct server;
struct past_reader;
struct guest_turn;

enum guest_queue {
	GUEST_NOWHERE,
	GUEST_OWES_INIT, /* server->owing */
	GUEST_DENIED, /* server->denied: its token was wrong, and it is to hear so */
	GUEST_STALLED, /* server->backlog.stalled: it is to say no more now */
	GUEST_HASTY, /* server->hasty: it says more than it may, and is not read for a moment */
	GUEST_WAITS /* its turn, in server->turns (guest_turn.h) */
};

struct guest {
	struct conn conn; /* first: a conn's event is its guest's */
	struct member member;
	struct server *server;
	struct room *lobby; /* the room it asked for and has not joined yet */
	struct address *address; /* counted there */
	union {
		struct guest *next_queued;
		struct guest_turn *turn; /* where it waits for that */
	};
	struct guest *prev_queued;
	int64_t queued_ms; /* since when it is in its queue */
	int64_t errors_ms; /* the window of bad messages began */
	uint32_t errors; /* in it */
	enum guest_queue queue;
	unsigned char *digest; /* of its token, owned; NULL: none was asked for */
	struct past_reader *reader; /* a member that is sent the past (past.h); NULL: it is not */
};

static inline struct guest *
guest_of(struct conn *conn)
{
	return (struct guest *)conn;
}

/* The events of the connections of all guests. */
extern const struct conn_events guest_events;

/* A guest for an accepted socket, in TLS unless tls is NULL; it frees itself when the connection
 * ends. */
void guest_start(struct server *server, int fd, struct tls *tls, struct address *address);

/* Sends an error about nothing in particular, and closes if it is fatal (code 1001, 1008, …). */
void guest_shut(struct guest *guest, enum chat_code code, const char *text, uint16_t close_code);

/* Ends those whose init is overdue, or whose token was wrong. */
void guest_sweep(struct server *server);

/* The tokens have changed: members that are not among them any more are thrown out. */
void guests_review(struct server *server);

/*
 * Between the files of a guest.
 */
/* A line about it on stderr, where that is wanted. */
void guest_log(const struct guest *guest, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Says that there is not enough credit before so long; who goes on joining is a bad peer. */
void guest_delay(
	struct guest *guest, const char *text, struct chat_span nonce_json, int64_t wait_ms);
void guest_delay_join(struct guest *guest, int64_t wait_ms);
/* A bad message: an error each, and too many of them end the connection. */
void guest_refuse(struct guest *guest, const struct chat_err *err, struct chat_span nonce_json);
/*
 * What it does is paid for (guest_pay.c): 0, or in how many milliseconds it can be. A message of so
 * many bytes; a request, which pays for the join, too, where no names are proven; a join under the
 * id of a proven name. At its end it pays no more.
 */
int64_t guest_pay_message(struct guest *guest, size_t bytes);
int64_t guest_pay_request(struct guest *guest, bool makes_channel);
int64_t guest_pay_join(struct guest *guest, struct chat_span id);
void guest_pay_ends(struct guest *guest);
/* What it has said cannot be taken now: it may be said again later. */
void guest_put_off(struct guest *guest, struct chat_span nonce_json);
/* As conn_events.requested. */
int guest_request(struct conn *conn, const struct chat_http_request *request, const char **why);
/* What its peer says, in its turn. */
void guest_hear(struct guest *guest, struct chat_span text);
/* A first init. */
void guest_init(struct guest *guest, const struct chat_msg *msg);
/* Leaves its queue for this one. */
void guest_enqueue(struct guest *guest, enum guest_queue queue);

#endif
