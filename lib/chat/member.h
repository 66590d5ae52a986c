#ifndef CHAT_MEMBER_H
#define CHAT_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A member of a channel: libchat-client, see chat-client(3). It connects, joins, receives every
 * message once and in order, sends messages that are accepted once, and comes back by itself after
 * a lost connection, at the message after the last one.
 *
 * No function blocks, prints or uses a signal, and there is no global state: one thread at a time
 * uses a member, and several threads may use several. The program polls chat_member_fd() for input,
 * and then calls chat_member_next() until it returns NULL.
 */
struct chat_member;

/*
 * Set size to sizeof(struct chat_member_options) and all other fields to zero, then those that you
 * want. Strings are copied. A field that is NULL has the default of chat-send(1): a variable of the
 * environment, or what is said here.
 */
struct chat_member_options {
	size_t size; /* of this structure, in which later versions may have more fields */
	/*
	 * The server and the channel; CHAT_URL or ws://localhost:3001/. Several URLs, with commas
	 * between them, are servers of the same channel to try in turn: see chat(7), SEVERAL
	 * SERVERS.
	 */
	const char *url;
	const char *username; /* CHAT_USERNAME, or the login name */
	const char *id; /* of the user; CHAT_ID, or derived from user, login and host */
	const char *token; /* CHAT_TOKEN, or in the file of CHAT_TOKEN_FILE; there may be none */
	const char *cacert; /* a file: trust these certificates; CHAT_CACERT, or the system's */
	const char *cert, *key; /* PEM files: show the server this certificate; none */
	const char *unix_socket; /* connect to this socket, whatever the URL's host; none */
	bool insecure; /* do not verify the server's certificate */
	bool hidden; /* the channel is not told that the member comes and goes */
	bool wait; /* a first connection, or first round of servers, that fails is tried again */
	/*
	 * The id of the last message that was handled: the messages after it are missed ones; "0":
	 * all messages that the server has. NULL: only what comes from now on, and a history.
	 */
	const char *since;
	int64_t retry_for_ms; /* try so long without progress; 0: for ever; -1: do not reconnect */
	int64_t connect_timeout_ms; /* of one attempt; 0: 10 seconds */
	int64_t dead_after_ms; /* without an answer to a ping, it is lost; 0: 40 seconds */
	size_t window; /* messages that may be unacknowledged at a time; 0: 256; most: 65,536 */
	size_t max_message_bytes; /* of the server; a longer one ends the connection; 0: 16 MiB */
};

/* Begins to connect. Returns NULL with CHAT_USAGE or CHAT_CANNOT_OPEN. options NULL: all zero. */
struct chat_member *chat_member_open(
	const struct chat_member_options *options, struct chat_err *err);

/*
 * Ends the connection at once and frees the member. NULL does nothing. For a good end call
 * chat_member_close() and wait for CHAT_EVENT_ENDED first.
 */
void chat_member_free(struct chat_member *member);

/*
 * Returns the descriptor to poll for input, the same for as long as the member lives. It belongs to
 * the member: do not read it. It is ready when chat_member_next() has something to do, also when a
 * time has come.
 */
int chat_member_fd(const struct chat_member *member);

/* Later versions may have more: ignore what you do not know. */
enum chat_event_type {
	/*
	 * The member is in the channel. text and msg: what the server said first, usually userData;
	 * text is empty if it said nothing. again: it was there before.
	 */
	CHAT_EVENT_JOINED = 1,

	/*
	 * A `message` of the channel: text, msg, id. own: this member sent it. history: it was
	 * there before the member came. Every message comes once, in the order of the channel.
	 */
	CHAT_EVENT_MESSAGE = 2,

	/* Any other line of the server, such as userStatus: text and msg. */
	CHAT_EVENT_OTHER = 3,

	/*
	 * Messages may be missing here: between the last one and the next one the server does not
	 * have them any more, or does not tell.
	 */
	CHAT_EVENT_GAP = 4,

	/* The past is over: what follows is live. again: as for CHAT_EVENT_JOINED. */
	CHAT_EVENT_CAUGHT_UP = 5,

	/*
	 * The result of a message that was sent, with its tag. There is one for each message, in
	 * the order in which they were sent.
	 *
	 * ACCEPTED: the channel has it; text, msg and id are the server's `message`. REFUSED: it
	 * was not accepted; err, and text, the server's `error`, which may be empty. UNKNOWN: it
	 * may be accepted or not; err. UNSENT: it was not sent.
	 */
	CHAT_EVENT_ACCEPTED = 6,
	CHAT_EVENT_REFUSED = 7,
	CHAT_EVENT_UNKNOWN = 8,
	CHAT_EVENT_UNSENT = 9,

	/*
	 * The connection is lost, or an attempt has failed: err. The next attempt is in retry_ms;
	 * with several servers it is with the next one.
	 */
	CHAT_EVENT_LOST = 10,

	/*
	 * The last event. err says why; its code is CHAT_OK if it was asked for by
	 * chat_member_close() and nothing went wrong before. Else the server has refused the member
	 * (CHAT_REFUSED, CHAT_UNAUTHORIZED, CHAT_USERNAME_TAKEN…), or could not be reached for the
	 * time of retry_for_ms.
	 */
	CHAT_EVENT_ENDED = 11
};

/* Fields that an event does not have are zero. */
struct chat_event {
	enum chat_event_type type;
	bool own, history, again;
	struct chat_span text; /* one line of JSON, without a newline */
	const struct chat_msg *msg; /* text, read; its type is CHAT_TYPE_UNKNOWN if text is JSON
				       that is no message of the protocol */
	const char *id; /* of a message, decoded and NUL-terminated */
	unsigned hops; /* of CHAT_EVENT_MESSAGE: programs that led to it; answer none with many,
			  or two bots that answer each other never stop */
	uint64_t tag;
	int64_t retry_ms;
	struct chat_err err;
};

/*
 * Returns the next event, or NULL: then poll chat_member_fd() first. The event and all that it
 * points to are valid until the next call of this function, or of chat_member_free().
 */
const struct chat_event *chat_member_next(struct chat_member *member);

/*
 * Takes a message to send, also while the connection is lost. line: a `text` or a `file` as one
 * object of JSON, {"type":"text","text":"hi"}, or without its type; the member adds a nonce, by
 * which the server knows a message that is sent again. Its result is an event with this tag.
 *
 * Returns 0, or -1 if the message was not taken: CHAT_BAD_MESSAGE or another code of
 * chat_msg_read(); CHAT_TRY_LATER: too many are on their way, 65,536 or 8 MiB, go on with
 * chat_member_next(); CHAT_CONNECTION_CLOSED: after chat_member_close() or CHAT_EVENT_ENDED.
 */
int chat_member_send(
	struct chat_member *member, struct chat_span line, uint64_t tag, struct chat_err *err);

/*
 * As chat_member_send(), for a text of 1 to 1,000 characters (UTF-8). reply_to: the id of the
 * message that it answers; NULL: none.
 */
int chat_member_send_text(struct chat_member *member, struct chat_span text, const char *reply_to,
	uint64_t tag, struct chat_err *err);

/* Returns the number of messages that were taken and have no result yet. */
size_t chat_member_unsettled(const struct chat_member *member);

/*
 * Returns the id of the last message that chat_member_next() has returned, to begin after it with
 * `since` another time; before the first message what the server or `since` says; "": not known.
 * Valid as an event is.
 */
const char *chat_member_position(const struct chat_member *member);

/*
 * Leaves: when every message has its result, or at the latest after limit_ms, the connection is
 * closed. CHAT_EVENT_ENDED follows, even if the server does not answer.
 */
void chat_member_close(struct chat_member *member, int64_t limit_ms);

#ifdef __cplusplus
}
#endif

#endif
