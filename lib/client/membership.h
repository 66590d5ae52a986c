#ifndef CLIENT_MEMBERSHIP_H
#define CLIENT_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/backoff.h"
#include "client/heartbeat.h"
#include "client/login.h"
#include "client/poll_set.h"
#include "client/position.h"
#include "client/rotation.h"
#include "client/server_info.h"
#include "client/via.h"
#include "message/scan.h"
#include "text/buf.h"
#include "wire/client.h"
#include "wire/url_list.h"

/*
 * A membership of a channel, over one connection after another: connect, send init, receive
 * messages; after a loss wait, connect, and send init with `since`. It never blocks. In a poll(2)
 * loop: call chat_membership_next() as often as you like, then wait for what
 * chat_membership_await() adds.
 *
 * If there are several servers, a loss is followed at once by an attempt with the next one; only
 * after a round of failed attempts, one with each server, there is a pause. A server that refuses
 * us is left for the next one as well; when all of a round have refused us, the membership ends.
 */
struct membership_options {
	bool hidden; /* init has presence "hidden" */
	bool deaf; /* the server may answer nothing at all: joined when init is sent */
	bool wait; /* the first round of attempts is not the last one if it fails */
	/*
	 * The time to try without progress; 0: there is no second connection; -1: for ever. If
	 * the server asks for a longer pause, there is no other attempt.
	 */
	int64_t retry_for_ms;
	const char *since; /* the id to begin after; NULL: none; copied */
	int64_t since_ms; /* with POSITION_BEGINNING: older messages need not come; 0: all */
	bool resumes; /* init asks for the messages after the position */
	size_t first_server; /* the index of the URL to begin with */
};

enum membership_state {
	MEMBERSHIP_CONNECTING,
	MEMBERSHIP_JOINING, /* init is sent */
	MEMBERSHIP_JOINED,
	MEMBERSHIP_WAITING, /* for the next attempt */
	MEMBERSHIP_CLOSING,
	MEMBERSHIP_ENDED
};

struct membership {
	const struct login *login; /* borrowed */
	struct membership_options options;
	const struct chat_url_list *urls; /* borrowed */
	const struct chat_url *url; /* of this connection, or of the last one */
	const char *url_text; /* url, for messages to people; valid as long as urls */
	enum membership_state state;
	int64_t deadline_ms; /* of the state; INT64_MAX: none */
	struct position position; /* the last message handled; noted by the owner */

	/* The connection: */
	struct chat_client *client; /* owned; NULL: there is no connection */
	struct heartbeat heartbeat;
	struct server_info server; /* the server, as its first message describes it */
	struct identity identity; /* of the login, with the id that the server gave us */
	struct via_here here; /* the names of the channel, of this server and those before it */
	int64_t joined_ms; /* when it joined; valid in MEMBERSHIP_JOINED */
	bool rejoined; /* a connection before it had joined, too */
	enum chat_code last_code; /* of the last error message; CHAT_OK: none */
	struct {
		bool done; /* MEMBERSHIP_CATCH_UP was reported for this connection */
		bool due; /* the next event is MEMBERSHIP_CATCH_UP */
		bool complete; /* every page of the history said that nothing is missing */
		bool gap; /* a page of the history said that messages are missing */
		bool paged; /* a page was received, and more follow */
	} catch_up;

	/* Over all connections: */
	bool joined_before;
	bool paused; /* by chat_membership_pause() */
	bool rejoin_due; /* by chat_membership_rejoin(), or by membership_join.c itself */
	bool staying; /* the next connection is with the same server, which has not failed */
	struct {
		int64_t since_ms; /* the time of the first loss without progress since; 0: none */
		struct backoff backoff;
		struct rotation rotation;
		bool went_round; /* a round of attempts was over once */
		struct chat_err passing; /* of the last server of this round that failed without a
					    refusal, since one was joined; CHAT_OK: none */
		size_t passing_at; /* the index of that server */
	} retry;
	char first_since[SERVER_INFO_SINCE_SIZE]; /* `since` of the first userData; "": none came */

	struct chat_buf compact; /* scratch: a message without line breaks */
	struct chat_buf
		padded; /* scratch: a message with the bytes behind it that the scanner needs */
	struct chat_scan *scan; /* owned; NULL: few messages came, or there is no memory for it */
	unsigned unscanned; /* messages that came before there was a scanner */
	struct chat_msg msg; /* the message that came last; its values point to its line */
};

enum membership_what {
	MEMBERSHIP_NOTHING, /* poll first */
	MEMBERSHIP_CONNECT, /* a connection is being opened */
	MEMBERSHIP_JOIN, /* joined; text is the answer to init (empty: there was none) */
	MEMBERSHIP_MESSAGE,
	MEMBERSHIP_CATCH_UP, /* the history has ended or is not sent; later messages are live */
	MEMBERSHIP_LOST, /* the connection; err says why; the next attempt is in retry_ms */
	MEMBERSHIP_CLOSED, /* the server answered the Close of chat_membership_close() */
	MEMBERSHIP_END /* err says why; there are no more events */
};

struct membership_event {
	enum membership_what what;
	struct chat_span text; /* JOIN, MESSAGE: one line; valid until the next call */
	const struct chat_msg *msg; /* text, read; CHAT_TYPE_UNKNOWN: JSON that is no message */
	bool again; /* JOIN, CATCH_UP: not for the first time */
	bool complete; /* CATCH_UP: the server says that no message is missing */
	bool gap; /* CATCH_UP: the server says that messages are missing */
	int64_t retry_ms; /* LOST */
	const char *next_url; /* LOST: the URL of the next attempt; as url_text */
	bool refused; /* LOST: a server has refused us that had not, or not since it was joined */
	struct chat_err err; /* LOST, END */
};

/* ---- membership_connect.c ---- */

/* Begins a membership. login and urls are borrowed; options are copied. */
void chat_membership_open(struct membership *membership, const struct login *login,
	const struct chat_url_list *urls, const struct membership_options *options);

/* Drops the connection and frees everything. */
void chat_membership_free(struct membership *membership);

/*
 * Tells that there is progress: --retry-for and the pauses begin again from the start at the next
 * loss.
 */
void chat_membership_progress(struct membership *membership);

/* ---- membership_next.c ---- */

/* Fills in the next event; MEMBERSHIP_NOTHING if there is none now. */
void chat_membership_next(struct membership *membership, struct membership_event *event);

/* ---- membership_send.c ---- */

/* Returns true if a message can be sent: the membership is joined and its queue is below the limit.
 */
bool chat_membership_can_send(const struct membership *membership);

/* Queues a message, for chat_membership_flush() or chat_membership_next(). An error comes as an
 * event. */
void chat_membership_send(struct membership *membership, struct chat_span text);

/* Sends as much of the queue as possible without blocking. */
void chat_membership_flush(struct membership *membership);

/* Returns the bytes that were queued and that the machine of the server has not confirmed. */
size_t chat_membership_unsent_bytes(const struct membership *membership);

/*
 * Closes with 1000 after the queue. MEMBERSHIP_CLOSED or MEMBERSHIP_END follows within the limit.
 */
void chat_membership_close(struct membership *membership, int64_t limit_ms);

/* Leaves this connection for another one, which joins again. The next event is MEMBERSHIP_LOST. */
void chat_membership_rejoin(struct membership *membership);

/*
 * Pauses or resumes reading, for an output that is full. Call it before each poll(2), after writing
 * all that can be written: while it is paused, data from the server does not wake the loop.
 * Joining and closing go on, and the time that it is paused does not count against the server.
 */
void chat_membership_pause(struct membership *membership, bool paused);

/* Adds what chat_membership_next() waits for: a time in the past if there may be more at once. */
void chat_membership_await(const struct membership *membership, struct poll_set *waits);

#endif
