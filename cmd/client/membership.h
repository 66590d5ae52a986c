#ifndef CLIENT_MEMBERSHIP_H
#define CLIENT_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/client.h"
#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/backoff.h"
#include "client/heartbeat.h"
#include "client/peer.h"
#include "client/position.h"
#include "client/settings.h"
#include "client/via.h"
#include "client/waits.h"

/*
 * Being in a channel, over as many connections as that takes: connect, init, messages; when the
 * connection is lost wait, connect, and init again with `since`. Never blocks; made for poll(2):
 * call membership_next, as often as one likes, then wait for what membership_await says.
 */
struct membership_options {
	bool hidden; /* presence: "hidden" */
	bool deaf; /* the server may say nothing at all: joined is having said init */
	bool wait; /* a first connection that fails is tried again too */
	/*
	 * How long without progress; 0: no second connection; -1: for ever. A server that asks for
	 * more time than that is not tried again.
	 */
	int64_t retry_for_ms;
	const char *since; /* id of the last message seen; NULL: none */
	int64_t since_ms; /* with POSITION_BEGINNING: older ones need not come; 0: all */
	bool resumes; /* init asks for what came after the last message noted */
};

enum membership_state {
	MEMBERSHIP_CONNECTING,
	MEMBERSHIP_JOINING, /* init is said */
	MEMBERSHIP_JOINED,
	MEMBERSHIP_WAITING, /* for the next attempt */
	MEMBERSHIP_CLOSING,
	MEMBERSHIP_ENDED
};

struct membership {
	const struct settings *settings;
	struct membership_options options;
	struct chat_url url;
	char url_text[CHAT_URL_MAX];
	struct chat_client *client; /* NULL while waiting and when ended */
	enum membership_state state;
	struct peer peer;
	struct via_here here; /* the channel, as its servers called it */
	struct identity
		identity; /* who we are there: as init says, with the id that the server tells */
	int64_t deadline_ms; /* of the state; INT64_MAX: none */
	int64_t joined_ms; /* when this connection did */
	struct heartbeat heartbeat;
	bool joined_before;
	bool rejoined; /* this connection is not the first that joined */
	bool caught_up; /* history came, or will not come */
	bool catch_up_due; /* and is to be told */
	bool complete; /* what history said, every page of it, or what its lack means */
	bool paged; /* a page of it came, and more follow */
	bool rejoin_due; /* the connection is to be left for another */
	bool paused; /* once joined nothing is read */
	int64_t lost_ms; /* since when there is no progress; 0: there is */
	int64_t retry_at_ms; /* not before that, the server said; 0: it said nothing */
	enum chat_code last_code; /* of the last error message, CHAT_OK: none */
	struct backoff backoff;
	char first_since[PEER_SINCE_SIZE]; /* what the first connection was told; "": nothing */
	struct position position; /* of what was dealt with, which the owner notes */
	struct chat_buf compact;
	struct chat_msg msg;
};

enum membership_what {
	MEMBERSHIP_NOTHING, /* poll first */
	MEMBERSHIP_JOIN, /* joined; text is what the server answered (empty: nothing) */
	MEMBERSHIP_MESSAGE,
	MEMBERSHIP_CATCH_UP, /* what was before is told: live from here. complete as in history */
	MEMBERSHIP_LOST, /* err says why; the next attempt is in retry_ms */
	MEMBERSHIP_CLOSED, /* as asked for by membership_close: the server answered */
	MEMBERSHIP_END /* err says why; there will be nothing more */
};

struct membership_event {
	enum membership_what what;
	struct chat_span text; /* one line; valid until the next call */
	/* Read and checked; CHAT_TYPE_UNKNOWN where it is JSON but no message that the rules know.
	 */
	const struct chat_msg *msg;
	bool again; /* JOIN, CATCH_UP: not for the first time */
	bool complete; /* CATCH_UP: nothing was missed, as far as the server says */
	int64_t retry_ms;
	struct chat_err err;
};

/* Begins. settings are borrowed; since is copied. */
void membership_open(struct membership *membership, const struct settings *settings,
	const struct chat_url *url, const struct membership_options *options);
void membership_free(struct membership *membership);

/* What happened next. */
void membership_next(struct membership *membership, struct membership_event *event);

/* Whether a message can be sent now: joined, and not too much is queued. */
bool membership_can_send(const struct membership *membership);

/* Queues a message; membership_flush or the next membership_next sends it. What fails comes as an
 * event.
 */
void membership_send(struct membership *membership, struct chat_span text);
void membership_flush(struct membership *membership);

/* Bytes that a connection was given and the server's machine has not confirmed. */
size_t membership_unsent_bytes(const struct membership *membership);

/* Closes with 1000 after what is queued: MEMBERSHIP_CLOSED or MEMBERSHIP_END follow within the
 * limit. */
void membership_close(struct membership *membership, int64_t limit_ms);

/* Things go forward: the time of --retry-for and the waits begin anew at the next loss. */
void membership_progress(struct membership *membership);

/* Leaves this connection for another one, which says init anew: it comes as a loss. */
void membership_rejoin(struct membership *membership);

/*
 * Stops or goes on reading, for a reader who cannot keep up. To be decided after all was written
 * that could be, and before each poll(2): while it is paused nothing of the server's wakes anybody.
 * Joining and closing go on, and time that is paused is not the server's.
 */
void membership_pause(struct membership *membership, bool paused);

/* Adds what membership_next waits for; in the past where it may have more without waiting. */
void membership_await(const struct membership *membership, struct waits *waits);

#endif
