/*
 * From the request to membership: whom the server lets in. The request head is judged by where it
 * comes from, init by the names and the token that it shows.
 */
#include "serve/session/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/msg.h"
#include "serve/channel/join.h"
#include "serve/channel/since.h"
#include "serve/server.h"
#include "serve/session/auth_queue.h"
#include "serve/session/catchup.h"
#include "serve/session/origin.h"

#define DENIAL_MS 1000 /* a wrong token is answered after that: guessing takes its time */
#define TOKEN_MAX 4096
#define MANY_WEIGHT 8 /* see struct asker */
#define USERNAME_MAX 128 /* bytes */
#define NOT_ANY_MORE "your token is not valid any more"

/* ---- those who are not in yet ---- */

static struct session **
queue_of(struct session *session)
{
	switch (session->queue) {
	case SESSION_OWES_INIT:
		return &session->server->owing;
	case SESSION_DENIED:
		return &session->server->denied;
	case SESSION_HASTY:
		return &session->server->hasty;
	case SESSION_STALLED:
		return &session->server->backpressure.stalled;
	default:
		return NULL;
	}
}

void
session_enqueue(struct session *session, enum session_queue queue)
{
	struct session **list = queue_of(session);

	if (list)
		DL_DELETE2(*list, session, prev_queued, next_queued);
	session->queue = queue;
	session->queued_ms = clock_now_ms(&session->server->clock);
	list = queue_of(session);
	if (list)
		DL_APPEND2(*list, session, prev_queued, next_queued);
}

/* The first of a queue, if it has been there for so long. */
static struct session *
first_due(struct session *first, int64_t after_ms)
{
	if (first && clock_now_ms(&first->server->clock) - first->queued_ms > after_ms)
		return first;
	return NULL;
}

void
session_sweep(struct server *server)
{
	struct session *session;

	while ((session = first_due(server->owing, server->config->init_timeout_ms))) {
		session_enqueue(session, SESSION_NOWHERE);
		if (session->conn.state != CONN_OPEN) /* it is closing for another reason */
			continue;
		server->metrics.drops[METRICS_DROP_LATE]++;
		session_shut(session, CHAT_NOT_INITIALIZED, "no init came in time", 1008);
	}
	while ((session = first_due(server->denied, DENIAL_MS))) {
		session_enqueue(session, SESSION_NOWHERE);
		session_shut(session, CHAT_UNAUTHORIZED, "a wrong token, or none", 1008);
		conn_resume(&session->conn, CONN_PAUSE_SESSION); /* its Close is to be read */
	}
	while ((session = server->hasty)) {
		session_enqueue(session, SESSION_NOWHERE);
		conn_resume(&session->conn, CONN_PAUSE_SESSION);
	}
	auth_queue_serve(server);
}

/* ---- the request ---- */

/* Behind a proxy that is trusted: the address is that of who is behind it. */
static void
session_look_behind(struct session *session, const struct chat_http_request *request)
{
	struct addresses *addresses = &session->server->addresses;
	struct sockaddr_storage client;
	bool known;

	if (address_kind(session->address) != ADDRESS_PROXY)
		return;
	known = cidrs_forwarded(
		&addresses->proxies, request->forwarded_for, request->forwarded_count, &client);
	session->address = addresses_move(
		addresses, session->address, known ? (struct sockaddr *)&client : NULL);
}

/* Whether it may connect from where it says to be; 0, or the status to refuse it with. */
static int
session_judge(struct session *session, const struct chat_http_request *request, const char **why)
{
	const struct server *server = session->server;
	const struct config *config = server->config;
	const struct origin_names names = {&config->origins, &config->hosts, server->tls};

	if (address_kind(session->address) == ADDRESS_LOOPBACK &&
		!host_allowed(request->host, &names)) {
		*why = "this host is not served here";
		return 403;
	}
	if (!origin_allowed(request->origin, request->host, &names)) {
		*why = "this origin may not connect";
		return 403;
	}
	session_look_behind(session, request);
	if (server->conns.count > server->max_connections) {
		*why = "the server is full";
		return 503;
	}
	if (address_is_over(session->address, &server->addresses)) {
		*why = "there are too many connections from this address";
		return 503;
	}
	return 0;
}

/* Behind an address of this machine or of a proxy there are many. */
static struct claimant
session_claimant(const struct session *session)
{
	bool one = address_kind(session->address) == ADDRESS_REMOTE;

	return (struct claimant){address_hash(session->address), one ? 1 : MANY_WEIGHT};
}

int
session_request(struct conn *conn, const struct chat_http_request *request, const char **why)
{
	struct session *session = session_of(conn);
	struct chat_err err = {0};
	struct claimant claimant;
	int refusal = session_judge(session, request, why);

	if (refusal)
		return refusal;
	claimant = session_claimant(session); /* where it comes from is known by now */
	if (!chat_channel_valid(request->path)) {
		*why = "no such channel";
		return 404;
	}
	if (session_rate_request(
		    session, !channels_have(&session->server->channels, request->path))) {
		*why = "too many joins or new channels came from this address";
		return 429;
	}
	session->lobby = channels_find(&session->server->channels, request->path, &claimant, &err);
	if (!session->lobby) {
		*why = "there are too many channels";
		return 503;
	}
	session->lobby->visitors++;
	session_enqueue(session, SESSION_OWES_INIT);
	return 101;
}

/* ---- init ---- */

/* The value of a string decoded into storage; at NULL where it is absent, or too long for that. */
static struct chat_span
decoded(const struct chat_msg *msg, enum chat_slot slot, char *storage, size_t size)
{
	size_t len;

	if (!chat_msg_has(msg, slot))
		return (struct chat_span){0};
	len = chat_json_unescape(&msg->value[slot], storage, size);
	return len == (size_t)-1 ? (struct chat_span){0} : (struct chat_span){storage, len};
}

static int
session_check_names(struct session *session, const struct channel_join *join, struct chat_err *err)
{
	if (!join->id.at) {
		chat_fail(err, CHAT_BAD_MESSAGE, "the id is too long");
		snprintf(err->field, sizeof(err->field), "/id");
		return -1;
	}
	if (chat_username_check(join->name, err) < 0)
		return -1;
	if (!session->server->config->read_stdin)
		return 0;
	if (chat_span_equal(join->name, CHAT_SPAN(SERVER_NAME)))
		return chat_fail(err, CHAT_USERNAME_TAKEN, "this username is the server's own");
	if (chat_span_equal(join->id, CHAT_SPAN(SERVER_NAME)))
		return chat_fail(err, CHAT_ID_TAKEN, "this id is the server's own");
	return 0;
}

/* Of the token only the digest is kept. */
static void
session_take_token(struct session *session, const struct chat_msg *msg)
{
	char bytes[TOKEN_MAX];
	struct chat_span token = decoded(msg, CHAT_SLOT_TOKEN, bytes, sizeof(bytes));

	if (!token.at) {
		free(session->digest);
		session->digest = NULL;
		return;
	}
	if (!session->digest)
		session->digest = chat_alloc(CHAT_SHA256_BYTES);
	chat_sha256(session->digest, token);
	explicit_bzero(bytes, sizeof(bytes));
}

/* ---- who it has proven to be ---- */

enum proof {
	PROOF_GIVEN, /* or none is asked for */
	PROOF_NO_TOKEN, /* of this name */
	PROOF_NO_CERTIFICATE /* of this name */
};

static bool
session_is_certified(const struct session *session, struct chat_span name)
{
	char storage[USERNAME_MAX];
	struct chat_span certified =
		stream_peer_name(&session->conn.stream, storage, sizeof(storage));

	return certified.at && chat_span_equal(certified, name);
}

/*
 * Where names are proven a name has one id, whatever its peer claims: *id becomes that, borrowed of
 * the tokens or in derived.
 */
static enum proof
session_prove(const struct session *session, struct chat_span name, struct chat_span *id,
	char derived[TOKENS_ID_LEN + 1])
{
	const struct server *server = session->server;
	bool has_ca = server->config->tls.client_ca != NULL;

	if (has_ca && !session_is_certified(session, name))
		return PROOF_NO_CERTIFICATE;
	if (server->tokens.path) {
		*id = session->digest ? tokens_find(&server->tokens, name, session->digest)
				      : (struct chat_span){0};
		return id->at ? PROOF_GIVEN : PROOF_NO_TOKEN;
	}
	if (has_ca) {
		tokens_derive_id(derived, name);
		*id = (struct chat_span){derived, TOKENS_ID_LEN};
	}
	return PROOF_GIVEN;
}

/* A wrong token is told so in a while; until then its session is not listened to. */
static void
session_deny(struct session *session, enum proof proof)
{
	if (proof == PROOF_NO_CERTIFICATE) {
		session_shut(session, CHAT_UNAUTHORIZED,
			"your certificate is not for this username", 1008);
		return;
	}
	address_failed(&session->server->addresses, session->address,
		clock_now_ms(&session->server->clock));
	session_enqueue(session, SESSION_DENIED);
	conn_pause(&session->conn, CONN_PAUSE_SESSION);
}

/* Makes it a member of the channel it asked for, or says why not. since->id.at NULL: none. */
static void
session_join(
	struct session *session, const struct channel_join *join, const struct since_point *since)
{
	struct channel *channel = session->lobby;
	struct chat_err err = {0};

	if (channel_join(channel, &session->member, join, &err) < 0) {
		session_refuse(session, &err, (struct chat_span){0});
		return;
	}
	session_log(session, "%.*s joins %s", (int)join->name.len, join->name.at, channel->name);
	session->lobby = NULL;
	channel->visitors--;
	session_enqueue(session, SESSION_NOWHERE);
	conn_trust(&session->conn);
	if (since->id.at)
		catchup_enter(session, since);
	else
		catchup_enter_newest(session);
}

/* Where it comes from there were too many wrong tokens, and it has not waited its turn. */
static bool
session_must_wait(const struct session *session)
{
	const struct server *server = session->server;

	return server->tokens.path && session->queue == SESSION_OWES_INIT &&
		address_is_barred(session->address, &server->addresses);
}

void
session_init(struct session *session, const struct chat_msg *msg)
{
	char id[NONCE_ID_MAX], name[USERNAME_MAX], since_bytes[64], presence[16];
	char derived[TOKENS_ID_LEN + 1];
	enum proof proof;
	int64_t wait_ms;
	struct channel_join join = {
		.id = decoded(msg, CHAT_SLOT_ID, id, sizeof(id)),
		.name = decoded(msg, CHAT_SLOT_USERNAME, name, sizeof(name)),
	};
	struct since_point since = {
		.id = decoded(msg, CHAT_SLOT_SINCE, since_bytes, sizeof(since_bytes)),
	};
	struct chat_err err = {0};

	if (session_must_wait(session)) {
		auth_queue_wait(session, msg->line);
		return;
	}
	if (chat_msg_has(msg, CHAT_SLOT_SINCE) && !since.id.at)
		since.id = CHAT_SPAN("?"); /* too long to be one of ours: not known */
	since.timed = chat_msg_has(msg, CHAT_SLOT_SINCE_TIME) &&
		chat_json_int64(msg->value[CHAT_SLOT_SINCE_TIME].raw, &since.time_ms);
	join.hidden = chat_span_equal(
		decoded(msg, CHAT_SLOT_PRESENCE, presence, sizeof(presence)), CHAT_SPAN("hidden"));
	if (session->server->tokens.path)
		session_take_token(session, msg);
	proof = session_prove(session, join.name, &join.id, derived);
	if (proof != PROOF_GIVEN)
		session_deny(session, proof);
	else if (session_check_names(session, &join, &err) < 0)
		session_refuse(session, &err, (struct chat_span){0});
	else if (backpressure_is_full(session->server, join.id.len)) /* it could not be announced */
		session_put_off(session, (struct chat_span){0});
	else if ((wait_ms = session_rate_join(session, join.id)) > 0)
		session_delay_join(session, wait_ms);
	else
		session_join(session, &join, &since);
}

/* Whether it is who it was, where the tokens may have changed since. */
static bool
session_is_still(const struct session *session, struct chat_span name, struct chat_span id)
{
	char derived[TOKENS_ID_LEN + 1];
	struct chat_span now = id;

	return session_prove(session, name, &now, derived) == PROOF_GIVEN &&
		chat_span_equal(now, id);
}

/* ---- out again ---- */

void
sessions_review(struct server *server)
{
	for (struct conn *conn = server->conns.all, *next; conn; conn = next) {
		struct session *session = session_of(conn);
		const struct user *user = session->member.user;

		next = conn->next;
		if (!session->member.channel || conn->state != CONN_OPEN ||
			session_is_still(session, (struct chat_span){user->name, user->name_len},
				(struct chat_span){user->id, user->id_len}))
			continue;
		session_shut(session, CHAT_UNAUTHORIZED, NOT_ANY_MORE, 1008);
	}
}
