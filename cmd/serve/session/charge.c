/* Chooses the payers of each message, request and join. */
#include "serve/session/charge.h"

static bool
is_here(const struct session *session)
{
	enum address_kind kind = address_kind(session->address);

	return kind == ADDRESS_LOOPBACK || kind == ADDRESS_UNIX;
}

static struct rate_payer
address_payer(const struct session *session)
{
	return (struct rate_payer){RATE_ADDRESS, address_key(session->address), is_here(session)};
}

/* *self points to the session, and outlives the payer. */
static struct rate_payer
conn_payer(const struct session *session, const struct session *const *self)
{
	return (struct rate_payer){
		RATE_CONN, {(const char *)self, sizeof(*self)}, is_here(session)};
}

/* On a public server a name is limited from this machine, too: it may also be used elsewhere. */
static struct rate_payer
name_payer(const struct session *session, struct chat_span id)
{
	return (struct rate_payer){
		RATE_NAME, id, is_here(session) && !session->context->options.is_public};
}

static int64_t
pay(struct session *session, const struct rate_payer *payers, size_t count,
	const int64_t price[RATE_KINDS])
{
	struct session_context *context = session->context;

	return rate_limiter_pay(
		&context->rate_limiter, payers, count, price, clock_now_ms(context->clock));
}

int64_t
session_charge_message(struct session *session, size_t bytes)
{
	const int64_t price[RATE_KINDS] = {[RATE_MESSAGES] = 1, [RATE_BYTES] = (int64_t)bytes};
	const struct user *user = session->member.user;
	const struct session *self = session;
	struct rate_payer payers[] = {
		names_are_proven(session->context)
			? name_payer(session, (struct chat_span){user->id, user->id_len})
			: conn_payer(session, &self),
		address_payer(session),
	};

	return pay(session, payers, 2, price);
}

int64_t
session_charge_request(struct session *session, bool makes_channel)
{
	const int64_t price[RATE_KINDS] = {
		[RATE_JOINS] = !names_are_proven(session->context) + makes_channel};
	struct rate_payer payer = address_payer(session);

	return pay(session, &payer, 1, price);
}

int64_t
session_charge_join(struct session *session, struct chat_span id)
{
	const int64_t price[RATE_KINDS] = {[RATE_JOINS] = 1};
	struct rate_payer payer = name_payer(session, id);

	return names_are_proven(session->context) ? pay(session, &payer, 1, price) : 0;
}

void
session_charge_end(struct session *session)
{
	const struct session *self = session;
	struct rate_payer payer = conn_payer(session, &self);

	rate_limiter_forget(&session->context->rate_limiter, &payer);
}
