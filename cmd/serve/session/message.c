/*
 * The meaning of a peer's messages. On the path of a message: the connection has received a text
 * (net/), it is checked here, and channel_post posts it in the session's channel (channel/).
 */
#include "serve/session/message.h"

#include "chat/msg.h"
#include "serve/channel/post.h"
#include "serve/session/charge.h"
#include "serve/session/init.h"
#include "serve/session/reply.h"
#include "text/err.h"
#include "text/hash.h"

/* Pauses a peer until the next sweep, because refusing its messages is work, too. */
static void
throttle(struct session *session)
{
	if (session->state != SESSION_ACTIVE)
		return;
	session_set_state(session, SESSION_THROTTLED);
	conn_pause(&session->conn, CONN_PAUSE_SESSION);
}

/* Pauses a peer that has posted a message if too much waits for the journal. */
static void
stall_if_high(struct session *session)
{
	if (session->state != SESSION_ACTIVE ||
		!backpressure_is_high(&session->context->backpressure, 0))
		return;
	session_set_state(session, SESSION_STALLED);
	conn_pause(&session->conn, CONN_PAUSE_BACKPRESSURE);
}

/*
 * Returns the hash of the owner of a nonce: the address if names are not proven and the peer is
 * remote, otherwise the user's id.
 */
static uint64_t
nonce_owner(const struct session *session)
{
	const struct user *user = session->member.user;

	if (address_kind(session->address) == ADDRESS_REMOTE && !names_are_proven(session->context))
		return address_hash(session->address);
	return chat_hash(user->id, user->id_len);
}

/* Returns true if a message that was refused so may be posted later. */
static bool
may_come_again(enum chat_code code)
{
	return code == CHAT_RATE_LIMITED || code == CHAT_UNAVAILABLE;
}

static void
post(struct session *session, const struct chat_msg *msg)
{
	struct channel *channel = session->member.channel;
	struct chat_err err = {0};
	struct channel_post post;
	int64_t wait_ms;

	post.user = session->member.user;
	post.member = &session->member;
	channel_post_fill(&post, msg);
	if (backpressure_is_full(&session->context->backpressure, msg->line.len)) {
		session_reject_overload(session, post.nonce_json);
		return;
	}
	post.owner = post.nonce_json.len ? nonce_owner(session) : 0;
	wait_ms = session_charge_message(session, msg->line.len);
	if (wait_ms) {
		session_reject_rate(
			session, "too many messages, or too large ones", post.nonce_json, wait_ms);
		throttle(session);
		return;
	}
	if (channel_post(channel, &post, &err) < 0)
		session_send_error(session,
			&(struct outgoing_error){
				.code = err.code,
				.text = err.text,
				.nonce_json = post.nonce_json,
				.retry_after_ms = may_come_again(err.code) ? 1000 : 0,
			});
	session->ticket = channels_last_ticket(channel->channels);
	stall_if_high(session);
}

static void
reject_code(struct session *session, enum chat_code code, const char *text)
{
	struct chat_err err = {0};

	chat_fail(&err, code, "%s", text);
	session_reject(session, &err, (struct chat_span){0});
}

static void
handle_valid(struct session *session, const struct chat_msg *msg)
{
	bool has_joined = session->member.channel != NULL;

	if (msg->type == CHAT_TYPE_INIT && !has_joined)
		session_init(session, msg);
	else if (msg->type == CHAT_TYPE_INIT)
		reject_code(session, CHAT_ALREADY_INITIALIZED, "init was done on this connection");
	else if (!has_joined)
		reject_code(session, CHAT_NOT_INITIALIZED, "the first message must be init");
	else
		post(session, msg);
}

void
session_handle(struct session *session, struct chat_span text)
{
	struct chat_err err = {0};
	struct chat_msg msg;

	if (session->state == SESSION_DENIED)
		return; /* its connection is about to end */
	msg.has = 0;
	if (chat_msg_read_utf8(&msg, text, CHAT_FROM_CLIENT, &err) == 0)
		handle_valid(session, &msg);
	else
		session_reject(session, &err,
			chat_msg_has(&msg, CHAT_SLOT_NONCE) ? msg.value[CHAT_SLOT_NONCE].raw
							    : (struct chat_span){0});
}

/* Keeps a message until the token of the session is checked; ends the session if it sent too much.
 */
static void
keep_for_auth(struct session *session, struct chat_span text)
{
	if (auth_queue_keep(&session->context->auth_queue, session->auth_wait, text))
		return;
	session_set_state(session, SESSION_ACTIVE);
	session_end(session, CHAT_RATE_LIMITED, "too much was said before it was your turn", 1008);
	conn_resume(&session->conn, CONN_PAUSE_SESSION); /* the peer's Close is to be read */
}

void
session_receive(struct conn *conn, struct chat_span text)
{
	struct session *session = session_of(conn);

	if (session->state == SESSION_AWAITS_AUTH)
		keep_for_auth(session, text);
	else
		session_handle(session, text);
}
