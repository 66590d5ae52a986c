/* The request head: decides if a peer may connect, and finds its channel. */
#include "serve/session/request.h"

#include "serve/net/forwarded.h"
#include "serve/session/charge.h"

#define SHARED_ADDRESS_WEIGHT 8 /* of an address that many peers may share (struct claimant) */

/* Finds the client's address if a trusted proxy has forwarded the request. */
static void
resolve_proxy(struct session *session, const struct chat_http_request *request)
{
	struct addresses *addresses = session->context->addresses;
	struct sockaddr_storage client;
	bool known;

	if (address_kind(session->address) != ADDRESS_PROXY)
		return;
	known = forwarded_find_client(
		&addresses->proxies, request->forwarded_for, request->forwarded_count, &client);
	session->address = addresses_move(
		addresses, session->address, known ? (struct sockaddr *)&client : NULL);
}

int
session_check_peer(
	struct session *session, const struct chat_http_request *request, const char **why)
{
	const struct session_context *context = session->context;

	if (address_kind(session->address) == ADDRESS_LOOPBACK &&
		!host_allowed(request->host, &context->names)) {
		*why = "this host is not served here";
		return 403;
	}
	if (!origin_allowed(request->origin, request->host, &context->names)) {
		*why = "this origin may not connect";
		return 403;
	}
	resolve_proxy(session, request);
	if (addresses_connections(context->addresses) > context->options.max_connections) {
		*why = "the server is full";
		return 503;
	}
	if (address_is_over(session->address, context->addresses)) {
		*why = "there are too many connections from this address";
		return 503;
	}
	return 0;
}

bool
session_belongs_elsewhere(struct conn *conn, const struct chat_http_request *request)
{
	struct session *session = session_of(conn);
	const struct session_context *context = session->context;
	size_t loop;

	if (context->loops < 2 || !chat_channel_valid(request->path))
		return false;
	loop = channel_loop(request->path, context->loops);
	if (loop == context->loop)
		return false;
	session->destination = loop;
	return true;
}

/* Returns the claimant of a new channel. This machine and a proxy stand for many peers. */
static struct claimant
claimant_of(const struct session *session)
{
	bool is_one = address_kind(session->address) == ADDRESS_REMOTE;

	return (struct claimant){
		address_hash(session->address), is_one ? 1 : SHARED_ADDRESS_WEIGHT, false};
}

int
session_request(struct conn *conn, const struct chat_http_request *request, const char **why)
{
	struct session *session = session_of(conn);
	struct channels *channels = session->context->channels;
	struct chat_err err = {0};
	struct claimant claimant;
	int refusal = session_check_peer(session, request, why);

	if (refusal)
		return refusal;
	if (session->context->not_ready) {
		*why = "the server catches up with its cluster";
		return 503;
	}
	claimant = claimant_of(session); /* session_check_peer has resolved its address */
	if (!chat_channel_valid(request->path)) {
		*why = "no such channel";
		return 404;
	}
	if (session_charge_request(session, !channels_get(channels, request->path))) {
		*why = "too many joins or new channels came from this address";
		return 429;
	}
	session->requested = channels_find(channels, request->path, &claimant, &err);
	if (!session->requested) {
		*why = "there are too many channels";
		return 503;
	}
	session->requested->visitors++;
	session_set_state(session, SESSION_AWAITS_INIT);
	return 101;
}
