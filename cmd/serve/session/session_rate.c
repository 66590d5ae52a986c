/*
 * Who pays for what a guest does. A name that was proven pays, wherever it connects from; where
 * none is, the connection does, since an id is a claim. The address pays for all that come from it,
 * more than one of them may do, because it may be that of many.
 */
#include "serve/session/session.h"

#include "serve/server.h"

static bool
is_here(const struct guest *guest)
{
	enum address_kind kind = address_kind(guest->address);

	return kind == ADDRESS_LOOPBACK || kind == ADDRESS_UNIX;
}

static struct rate_payer
address_of(const struct guest *guest)
{
	return (struct rate_payer){RATE_ADDRESS, address_key(guest->address), is_here(guest)};
}

/* self points to the guest and outlives the payer. */
static struct rate_payer
conn_of(const struct guest *guest, const struct guest *const *self)
{
	return (struct rate_payer){RATE_CONN, {(const char *)self, sizeof(*self)}, is_here(guest)};
}

/* Who shows a token on a server that others can reach is one of them, also from this machine. */
static struct rate_payer
name_of(const struct guest *guest, struct chat_span id)
{
	return (struct rate_payer){RATE_NAME, id, is_here(guest) && !guest->server->reaches_out};
}

static int64_t
pay(struct guest *guest, const struct rate_payer *payers, size_t count,
	const int64_t cost[RATE_KINDS])
{
	struct server *server = guest->server;

	return rates_pay(&server->rates, payers, count, cost, clock_now_ms(&server->clock));
}

int64_t
guest_pay_message(struct guest *guest, size_t bytes)
{
	const int64_t cost[RATE_KINDS] = {[RATE_MESSAGES] = 1, [RATE_BYTES] = (int64_t)bytes};
	const struct user *user = guest->member.user;
	const struct guest *self = guest;
	struct rate_payer payers[] = {
		server_proves_names(guest->server)
			? name_of(guest, (struct chat_span){user->id, user->id_len})
			: conn_of(guest, &self),
		address_of(guest),
	};

	return pay(guest, payers, 2, cost);
}

int64_t
guest_pay_request(struct guest *guest, bool makes_channel)
{
	const int64_t cost[RATE_KINDS] = {
		[RATE_JOINS] = !server_proves_names(guest->server) + makes_channel};
	struct rate_payer payer = address_of(guest);

	return pay(guest, &payer, 1, cost);
}

int64_t
guest_pay_join(struct guest *guest, struct chat_span id)
{
	const int64_t cost[RATE_KINDS] = {[RATE_JOINS] = 1};
	struct rate_payer payer = name_of(guest, id);

	return server_proves_names(guest->server) ? pay(guest, &payer, 1, cost) : 0;
}

void
guest_pay_ends(struct guest *guest)
{
	const struct guest *self = guest;
	struct rate_payer payer = conn_of(guest, &self);

	rates_leave(&guest->server->rates, &payer);
}
