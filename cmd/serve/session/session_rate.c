/*
 * Who pays for what a session does. A name that was proven pays, wherever it connects from; where
 * none is, the connection does, since an id is a claim. The address pays for all that come from it,
 * more than one of them may do, because it may be that of many.
 */
#include "serve/session/session.h"

#include "serve/server.h"

static bool
is_here(const struct session *session)
{
	enum address_kind kind = address_kind(session->address);

	return kind == ADDRESS_LOOPBACK || kind == ADDRESS_UNIX;
}

static struct rate_payer
address_of(const struct session *session)
{
	return (struct rate_payer){RATE_ADDRESS, address_key(session->address), is_here(session)};
}

/* self points to the session and outlives the payer. */
static struct rate_payer
conn_of(const struct session *session, const struct session *const *self)
{
	return (struct rate_payer){
		RATE_CONN, {(const char *)self, sizeof(*self)}, is_here(session)};
}

/* Who shows a token on a server that others can reach is one of them, also from this machine. */
static struct rate_payer
name_of(const struct session *session, struct chat_span id)
{
	return (struct rate_payer){
		RATE_NAME, id, is_here(session) && !session->server->reaches_out};
}

static int64_t
pay(struct session *session, const struct rate_payer *payers, size_t count,
	const int64_t cost[RATE_KINDS])
{
	struct server *server = session->server;

	return rate_limiter_pay(
		&server->rate_limiter, payers, count, cost, clock_now_ms(&server->clock));
}

int64_t
session_rate_message(struct session *session, size_t bytes)
{
	const int64_t cost[RATE_KINDS] = {[RATE_MESSAGES] = 1, [RATE_BYTES] = (int64_t)bytes};
	const struct user *user = session->member.user;
	const struct session *self = session;
	struct rate_payer payers[] = {
		server_proves_names(session->server)
			? name_of(session, (struct chat_span){user->id, user->id_len})
			: conn_of(session, &self),
		address_of(session),
	};

	return pay(session, payers, 2, cost);
}

int64_t
session_rate_request(struct session *session, bool makes_channel)
{
	const int64_t cost[RATE_KINDS] = {
		[RATE_JOINS] = !server_proves_names(session->server) + makes_channel};
	struct rate_payer payer = address_of(session);

	return pay(session, &payer, 1, cost);
}

int64_t
session_rate_join(struct session *session, struct chat_span id)
{
	const int64_t cost[RATE_KINDS] = {[RATE_JOINS] = 1};
	struct rate_payer payer = name_of(session, id);

	return server_proves_names(session->server) ? pay(session, &payer, 1, cost) : 0;
}

void
session_rate_leave(struct session *session)
{
	const struct session *self = session;
	struct rate_payer payer = conn_of(session, &self);

	rate_limiter_leave(&session->server->rate_limiter, &payer);
}
