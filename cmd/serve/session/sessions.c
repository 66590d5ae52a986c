/* The life of sessions: from an accepted socket to the end of the connection. */
#include "serve/session/sessions.h"

#include <stdlib.h>

#include "serve/channel/join.h"
#include "serve/session/charge.h"
#include "serve/session/message.h"
#include "serve/session/proof.h"
#include "serve/session/reply.h"
#include "serve/session/request.h"
#include "serve/session/session.h"
#include "serve/session/visit.h"

#define DENIAL_MS 1000 /* from a wrong token to its error: guessing takes its time */

/* ---- events of the connection ---- */

/* From now on the client is limited, and not its proxy. */
static void
on_proxy_header(struct conn *conn, const struct sockaddr *client)
{
	struct session *session = session_of(conn);
	struct addresses *addresses = session->context->addresses;

	session->address = addresses_move(addresses, session->address, client);
	if (address_is_flooding(session->address, addresses))
		conn_abort(conn);
}

static void
last_word(struct session *session, enum drop_reason reason, enum chat_code code, const char *text)
{
	session->context->counters.drops[reason]++;
	session_send_error(
		session, &(struct outgoing_error){.code = code, .text = text, .fatal = true});
}

static void
on_violation(struct conn *conn, uint16_t close_code, const char *text)
{
	enum chat_code code = close_code == 1007 ? CHAT_BAD_UTF8
		: close_code == 1009             ? CHAT_TOO_LARGE
						 : CHAT_BAD_MESSAGE;

	last_word(session_of(conn), DROP_PROTOCOL, code, text);
}

static void
on_overload(struct conn *conn, const char *text)
{
	last_word(session_of(conn), DROP_SERVER_FULL, CHAT_SERVER_FULL, text);
}

/* The message may be fine: this code tells the client to connect and to send it again. */
static void
on_late_message(struct conn *conn, const char *text)
{
	last_word(session_of(conn), DROP_TOO_LATE, CHAT_UNAVAILABLE, text);
}

static void
on_slow_reader(struct conn *conn, const char *text)
{
	last_word(session_of(conn), DROP_SLOW_CONSUMER, CHAT_SLOW_CONSUMER, text);
}

static void
on_rejection(struct conn *conn, int status, const char *why)
{
	if (status)
		session_log(session_of(conn), "%d: %s", status, why);
	else
		session_log(session_of(conn), "%s", why);
}

/* Returns the remote address of a connection, or NULL: other connections own themselves. */
static const void *
owner_of(const struct conn *conn)
{
	const struct address *address = ((const struct session *)conn)->address;

	return address_kind(address) == ADDRESS_REMOTE ? address : NULL;
}

/*
 * An answered Close says that all messages before it were handled. So the answer waits until they
 * are stored or refused.
 */
static bool
on_close(struct conn *conn)
{
	struct session *session = session_of(conn);
	const struct channels *channels = session->context->channels;

	if (session->state == SESSION_AWAITS_AUTH)
		return false; /* serve_auth_queue calls this again */
	if (session->ticket <= channels_settled(channels))
		return true;
	session_set_state(session, SESSION_SETTLING);
	conn_resume(conn, CONN_PAUSE_SESSION);
	conn_resume(conn, CONN_PAUSE_BACKPRESSURE); /* only the end of TCP can follow */
	return false;
}

static void
on_drained(struct conn *conn)
{
	catchup_continue(session_of(conn)->catchup);
}

static void
on_turn_end(struct conn *conn)
{
	backpressure_relieve(&session_of(conn)->context->backpressure);
}

static void
on_closed(struct conn *conn)
{
	struct session *session = session_of(conn);

	if (session->member.channel)
		session_log(session, "%.*s leaves %s", (int)session->member.user->name_len,
			session->member.user->name, session->member.channel->name);
	session_set_state(session, SESSION_ACTIVE);
	session_charge_end(session);
	channel_leave(&session->member);
	catchup_end(session->catchup);
	addresses_leave(session->context->addresses, session->address);
	if (session->requested) {
		session->requested->visitors--;
		channel_release(session->requested);
	}
	session->requested = NULL;
}

static void
on_left(struct conn *conn)
{
	const struct session_context *context = session_of(conn)->context;

	context->hand_over(context->arg, session_of(conn));
}

static void
on_release(struct conn *conn)
{
	free(session_of(conn)->digest);
	free(session_of(conn));
}

const struct conn_events session_events = {
	.on_proxy_header = on_proxy_header,
	.belongs_elsewhere = session_belongs_elsewhere, /* request.c */
	.on_left = on_left,
	.on_request = session_request, /* request.c */
	.on_visit = session_visit, /* visit.c */
	.on_message = session_receive, /* message.c */
	.on_violation = on_violation,
	.on_overload = on_overload,
	.on_late_message = on_late_message,
	.on_close = on_close,
	.on_slow_reader = on_slow_reader,
	.on_rejection = on_rejection,
	.owner = owner_of,
	.on_drained = on_drained, /* catchup.c sends the next page */
	.on_turn_end = on_turn_end, /* backpressure.c may publish */
	.on_closed = on_closed,
	.release = on_release,
};

void
session_start(struct session_context *context, int fd, struct tls *tls, struct address *address)
{
	struct session *session = chat_alloc_zeroed(1, sizeof(*session));

	context->counters.accepted++;
	session->context = context;
	session->address = address;
	session->member.conn = &session->conn;
	if (conn_start(&session->conn, context->conns, fd, tls) < 0) {
		addresses_leave(context->addresses, address);
		free(session);
	} else if (address_kind(address) == ADDRESS_TCP_PROXY) {
		conn_expect_proxy_header(&session->conn);
	}
}

void
session_adopt(struct session *session, struct session_context *context)
{
	session->context = context;
	session->next_in_state = NULL;
	conn_adopt(&session->conn, context->conns);
}

/* ---- from time to time ---- */

/* Returns the first session if it has been in its state for longer than after_ms, or NULL. */
static struct session *
first_due(struct session *first, int64_t after_ms)
{
	if (first && clock_now_ms(first->context->clock) - first->state_since_ms > after_ms)
		return first;
	return NULL;
}

static void
end_late(struct session_context *context)
{
	struct session *session;

	while ((session = first_due(context->awaiting_init, context->options.init_timeout_ms))) {
		session_set_state(session, SESSION_ACTIVE);
		if (session->conn.state != CONN_OPEN) /* it is closing for another reason */
			continue;
		context->counters.drops[DROP_TOO_LATE]++;
		session_end(session, CHAT_NOT_INITIALIZED, "no init came in time", 1008);
	}
}

static void
end_denied(struct session_context *context)
{
	struct session *session;

	while ((session = first_due(context->denied, DENIAL_MS))) {
		session_set_state(session, SESSION_ACTIVE);
		session_end(session, CHAT_UNAUTHORIZED, "a wrong token, or none", 1008);
		conn_resume(
			&session->conn, CONN_PAUSE_SESSION); /* the peer's Close is to be read */
	}
}

static void
resume_throttled(struct session_context *context)
{
	struct session *session;

	while ((session = context->throttled)) {
		session_set_state(session, SESSION_ACTIVE);
		conn_resume(&session->conn, CONN_PAUSE_SESSION);
	}
}

/* Handles the messages that were kept while the session waited in the queue. */
static void
handle_waiting(struct session *session, struct chat_span messages)
{
	struct chat_span text;

	while (session->conn.state == CONN_OPEN && auth_queue_next_message(&messages, &text)) {
		session_handle(session, text);
		if (session->requested && session->state == SESSION_ACTIVE)
			session_set_state(session, SESSION_AWAITS_INIT); /* its init was bad */
	}
}

static void
serve_auth_queue(struct session_context *context)
{
	struct auth_queue *queue = &context->auth_queue;

	for (size_t addresses = queue->waiting.count; addresses; addresses--) {
		struct chat_buf messages;
		struct session *session = auth_queue_pop(queue, &messages);

		if (!session)
			return;
		session_set_state(session, SESSION_ACTIVE);
		conn_resume(&session->conn, CONN_PAUSE_SESSION);
		handle_waiting(session, chat_buf_span(&messages));
		chat_buf_free(&messages);
		if (session->conn.close_received && on_close(&session->conn))
			conn_answer_close(&session->conn);
	}
}

void
sessions_sweep(struct session_context *context)
{
	end_late(context);
	end_denied(context);
	resume_throttled(context);
	/* The loops take turns, so that an address can guess no more tokens if there are many. */
	if (context->loops < 2 || context->sweeps++ % context->loops == context->loop)
		serve_auth_queue(context);
}

bool
sessions_resume(struct session_context *context)
{
	struct backpressure *backpressure = &context->backpressure;
	size_t expected_bytes = 0;
	struct session *session;

	while ((session = context->stalled) &&
		!backpressure_is_high(backpressure, expected_bytes)) {
		session_set_state(session, SESSION_ACTIVE);
		conn_resume(&session->conn, CONN_PAUSE_BACKPRESSURE);
		expected_bytes += BACKPRESSURE_READ_BYTES;
	}
	return !backpressure_is_high(backpressure, expected_bytes);
}

void
sessions_settle(struct session_context *context)
{
	struct session *session;

	while ((session = context->settling) &&
		session->ticket <= channels_settled(context->channels)) {
		session_set_state(session, SESSION_ACTIVE);
		conn_answer_close(&session->conn);
	}
}

/* ---- for all of them ---- */

void
sessions_recheck(struct session_context *context)
{
	for (struct conn *conn = context->conns->all, *next; conn; conn = next) {
		struct session *session = session_of(conn);

		next = conn->next;
		if (session->member.channel && conn->state == CONN_OPEN &&
			!session_is_still_proven(session))
			session_end(session, CHAT_UNAUTHORIZED, "your token is not valid any more",
				1008);
	}
}

void
session_expel(struct member *member)
{
	struct session *session = session_of(member->conn);

	session_end(session, CHAT_USERNAME_TAKEN,
		"on another server of the cluster somebody had this username or id first", 1008);
	channel_leave(member);
	catchup_end(session->catchup);
}

void
sessions_shut_down(struct session_context *context)
{
	for (struct conn *conn = context->conns->all, *next; conn; conn = next) {
		next = conn->next;
		conn_resume(conn, CONN_PAUSE_SESSION);
		if (conn->state == CONN_OPEN)
			session_end(session_of(conn), CHAT_SHUTTING_DOWN,
				"the server is shutting down", 1001);
		else if (conn->state == CONN_HANDSHAKE)
			conn_abort(conn);
	}
}

void
session_context_free(struct session_context *context)
{
	catchup_close(&context->catchup);
	rate_limiter_free(&context->rate_limiter);
	auth_queue_free(&context->auth_queue);
}
