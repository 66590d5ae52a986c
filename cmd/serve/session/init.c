/* The init message: decides if the peer may join, and under which name. */
#include "serve/session/init.h"

#include <stdio.h>

#include "message/username.h"
#include "serve/channel/join.h"
#include "serve/session/charge.h"
#include "serve/session/proof.h"
#include "serve/session/reply.h"
#include "text/err.h"

/* The strings of an init, decoded. */
struct init_text {
	char id[NONCE_ID_MAX];
	char name[USERNAME_MAX];
	char since[64];
	char presence[16];
	char derived_id[TOKENS_ID_LEN + 1];
};

static int
check_names(const struct session *session, const struct channel_join *join, struct chat_err *err)
{
	if (!join->id.at) {
		chat_fail(err, CHAT_BAD_MESSAGE, "the id is too long");
		snprintf(err->field, sizeof(err->field), "/id");
		return -1;
	}
	if (chat_username_check(join->name, err) < 0)
		return -1;
	if (!session->context->options.reserves_server_name)
		return 0;
	if (chat_span_equal(join->name, CHAT_SPAN(SERVER_NAME)))
		return chat_fail(err, CHAT_USERNAME_TAKEN, "this username is the server's own");
	if (chat_span_equal(join->id, CHAT_SPAN(SERVER_NAME)))
		return chat_fail(err, CHAT_ID_TAKEN, "this id is the server's own");
	return 0;
}

/* Refuses a peer without proof. One with a wrong token is told a while later (sessions_sweep), and
 * is not read until then: so guessing takes its time. */
static void
deny(struct session *session, enum proof proof)
{
	struct session_context *context = session->context;

	if (proof == PROOF_NO_CERTIFICATE) {
		session_end(session, CHAT_UNAUTHORIZED, "your certificate is not for this username",
			1008);
		return;
	}
	address_failed(context->addresses, session->address, clock_now_ms(context->clock));
	session_set_state(session, SESSION_DENIED);
	conn_pause(&session->conn, CONN_PAUSE_SESSION);
}

/* Returns true if the token must be checked later: the address is barred, and the session has not
 * waited in the queue. */
static bool
must_wait(const struct session *session)
{
	const struct session_context *context = session->context;

	return context->tokens.path && session->state == SESSION_AWAITS_INIT &&
		address_is_barred(session->address, context->addresses);
}

static void
wait_for_auth(struct session *session, struct chat_span init)
{
	struct auth_queue *queue = &session->context->auth_queue;
	struct fair_lane *lane =
		address_lane(session->address, session->context->loop, ADDRESS_LANE_AUTH);

	session_set_state(session, SESSION_AWAITS_AUTH);
	session->auth_wait = auth_queue_push(queue, lane, session);
	auth_queue_keep(queue, session->auth_wait, init);
	conn_pause(&session->conn, CONN_PAUSE_SESSION);
	session_log(session, "waits its turn: too many wrong tokens came from there");
}

/* Makes the peer a member, or rejects its init. */
static void
join_channel(
	struct session *session, const struct channel_join *join, const struct since_point *since)
{
	struct catchup *catchup = &session->context->catchup;
	struct channel *channel = session->requested;
	struct chat_err err = {0};

	if (channel_join(channel, &session->member, join, &err) < 0) {
		session_reject(session, &err, (struct chat_span){0});
		return;
	}
	session_log(session, "%.*s joins %s", (int)join->name.len, join->name.at, channel->name);
	session->requested = NULL;
	channel->visitors--;
	session_set_state(session, SESSION_ACTIVE);
	conn_trust(&session->conn);
	if (since->id.at)
		catchup_begin(
			catchup, &session->member, session->address, &session->catchup, since);
	else
		catchup_begin_newest(
			catchup, &session->member, session->address, &session->catchup);
}

/* Returns the point at which the member wants to begin; id.at is NULL if init has no `since`. */
static struct since_point
read_since(const struct chat_msg *msg, struct init_text *text)
{
	struct since_point since = {
		.id = session_decode(msg, CHAT_SLOT_SINCE, text->since, sizeof(text->since)),
	};

	if (chat_msg_has(msg, CHAT_SLOT_SINCE) && !since.id.at)
		since.id = CHAT_SPAN("?"); /* too long to be an id of ours: it is not known */
	since.timed = chat_msg_has(msg, CHAT_SLOT_SINCE_TIME) &&
		chat_json_int64(msg->value[CHAT_SLOT_SINCE_TIME].raw, &since.time_ms);
	return since;
}

static struct channel_join
read_join(const struct chat_msg *msg, struct init_text *text)
{
	struct chat_span presence =
		session_decode(msg, CHAT_SLOT_PRESENCE, text->presence, sizeof(text->presence));

	return (struct channel_join){
		.id = session_decode(msg, CHAT_SLOT_ID, text->id, sizeof(text->id)),
		.name = session_decode(msg, CHAT_SLOT_USERNAME, text->name, sizeof(text->name)),
		.hidden = chat_span_equal(presence, CHAT_SPAN("hidden")),
	};
}

void
session_init(struct session *session, const struct chat_msg *msg)
{
	const struct session_context *context = session->context;
	struct init_text text;
	struct channel_join join;
	struct since_point since;
	struct chat_err err = {0};
	enum proof proof;
	int64_t wait_ms;

	if (must_wait(session)) {
		wait_for_auth(session, msg->line);
		return;
	}
	join = read_join(msg, &text);
	since = read_since(msg, &text);
	if (context->tokens.path)
		session_take_token(session, msg);
	proof = session_prove(session, join.name, &join.id, text.derived_id);
	if (proof != PROOF_GIVEN)
		deny(session, proof);
	else if (check_names(session, &join, &err) < 0)
		session_reject(session, &err, (struct chat_span){0});
	else if (backpressure_is_full(&context->backpressure, join.id.len))
		session_reject_overload(
			session, (struct chat_span){0}); /* no room to announce it */
	else if ((wait_ms = session_charge_join(session, join.id)) > 0)
		session_reject_join(session, wait_ms);
	else
		join_channel(session, &join, &since);
}
