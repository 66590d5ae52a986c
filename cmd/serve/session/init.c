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

static struct guest **
queue_of(struct guest *guest)
{
	switch (guest->queue) {
	case GUEST_OWES_INIT:
		return &guest->server->owing;
	case GUEST_DENIED:
		return &guest->server->denied;
	case GUEST_HASTY:
		return &guest->server->hasty;
	case GUEST_STALLED:
		return &guest->server->backlog.stalled;
	default:
		return NULL;
	}
}

void
guest_enqueue(struct guest *guest, enum guest_queue queue)
{
	struct guest **list = queue_of(guest);

	if (list)
		DL_DELETE2(*list, guest, prev_queued, next_queued);
	guest->queue = queue;
	guest->queued_ms = clock_now_ms(&guest->server->clock);
	list = queue_of(guest);
	if (list)
		DL_APPEND2(*list, guest, prev_queued, next_queued);
}

/* The first of a queue, if it has been there for so long. */
static struct guest *
first_due(struct guest *first, int64_t after_ms)
{
	if (first && clock_now_ms(&first->server->clock) - first->queued_ms > after_ms)
		return first;
	return NULL;
}

void
guest_sweep(struct server *server)
{
	struct guest *guest;

	while ((guest = first_due(server->owing, server->config->init_timeout_ms))) {
		guest_enqueue(guest, GUEST_NOWHERE);
		if (guest->conn.state != CONN_OPEN) /* it is closing for another reason */
			continue;
		server->metrics.drops[METRICS_DROP_LATE]++;
		guest_shut(guest, CHAT_NOT_INITIALIZED, "no init came in time", 1008);
	}
	while ((guest = first_due(server->denied, DENIAL_MS))) {
		guest_enqueue(guest, GUEST_NOWHERE);
		guest_shut(guest, CHAT_UNAUTHORIZED, "a wrong token, or none", 1008);
		conn_hold(&guest->conn, false); /* its Close is to be read */
	}
	while ((guest = server->hasty)) {
		guest_enqueue(guest, GUEST_NOWHERE);
		conn_hold(&guest->conn, false);
	}
	guests_take_turns(server);
}

/* ---- the request ---- */

/* Behind a proxy that is trusted: the address is that of who is behind it. */
static void
guest_look_behind(struct guest *guest, const struct chat_http_request *request)
{
	struct addresses *addresses = &guest->server->addresses;
	struct sockaddr_storage client;
	bool known;

	if (address_kind(guest->address) != ADDRESS_PROXY)
		return;
	known = networks_forwarded(
		&addresses->proxies, request->forwarded_for, request->forwarded_count, &client);
	guest->address = addresses_move(
		addresses, guest->address, known ? (struct sockaddr *)&client : NULL);
}

/* Whether it may connect from where it says to be; 0, or the status to refuse it with. */
static int
guest_judge(struct guest *guest, const struct chat_http_request *request, const char **why)
{
	const struct server *server = guest->server;
	const struct config *config = server->config;
	const struct origin_names names = {&config->origins, &config->hosts, server->tls};

	if (address_kind(guest->address) == ADDRESS_LOOPBACK &&
		!host_allowed(request->host, &names)) {
		*why = "this host is not served here";
		return 403;
	}
	if (!origin_allowed(request->origin, request->host, &names)) {
		*why = "this origin may not connect";
		return 403;
	}
	guest_look_behind(guest, request);
	if (server->conns.count > server->max_connections) {
		*why = "the server is full";
		return 503;
	}
	if (address_is_over(guest->address, &server->addresses)) {
		*why = "there are too many connections from this address";
		return 503;
	}
	return 0;
}

/* Behind an address of this machine or of a proxy there are many. */
static struct asker
guest_asker(const struct guest *guest)
{
	bool one = address_kind(guest->address) == ADDRESS_REMOTE;

	return (struct asker){address_hash(guest->address), one ? 1 : MANY_WEIGHT};
}

int
guest_request(struct conn *conn, const struct chat_http_request *request, const char **why)
{
	struct guest *guest = guest_of(conn);
	struct chat_err err = {0};
	struct asker asker;
	int refusal = guest_judge(guest, request, why);

	if (refusal)
		return refusal;
	asker = guest_asker(guest); /* where it comes from is known by now */
	if (!chat_channel_valid(request->path)) {
		*why = "no such channel";
		return 404;
	}
	if (guest_pay_request(guest, !rooms_have(&guest->server->rooms, request->path))) {
		*why = "too many joins or new channels came from this address";
		return 429;
	}
	guest->lobby = rooms_find(&guest->server->rooms, request->path, &asker, &err);
	if (!guest->lobby) {
		*why = "there are too many channels";
		return 503;
	}
	guest->lobby->visitors++;
	guest_enqueue(guest, GUEST_OWES_INIT);
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
guest_check_names(struct guest *guest, const struct room_join *join, struct chat_err *err)
{
	if (!join->id.at) {
		chat_fail(err, CHAT_BAD_MESSAGE, "the id is too long");
		snprintf(err->field, sizeof(err->field), "/id");
		return -1;
	}
	if (chat_username_check(join->name, err) < 0)
		return -1;
	if (!guest->server->config->read_stdin)
		return 0;
	if (chat_span_equal(join->name, CHAT_SPAN(SERVER_NAME)))
		return chat_fail(err, CHAT_USERNAME_TAKEN, "this username is the server's own");
	if (chat_span_equal(join->id, CHAT_SPAN(SERVER_NAME)))
		return chat_fail(err, CHAT_ID_TAKEN, "this id is the server's own");
	return 0;
}

/* Of the token only the digest is kept. */
static void
guest_take_token(struct guest *guest, const struct chat_msg *msg)
{
	char bytes[TOKEN_MAX];
	struct chat_span token = decoded(msg, CHAT_SLOT_TOKEN, bytes, sizeof(bytes));

	if (!token.at) {
		free(guest->digest);
		guest->digest = NULL;
		return;
	}
	if (!guest->digest)
		guest->digest = chat_alloc(CHAT_SHA256_BYTES);
	chat_sha256(guest->digest, token);
	explicit_bzero(bytes, sizeof(bytes));
}

/* ---- who it has proven to be ---- */

enum proof {
	PROOF_GIVEN, /* or none is asked for */
	PROOF_NO_TOKEN, /* of this name */
	PROOF_NO_CERTIFICATE /* of this name */
};

static bool
guest_is_certified(const struct guest *guest, struct chat_span name)
{
	char storage[USERNAME_MAX];
	struct chat_span certified =
		stream_peer_name(&guest->conn.stream, storage, sizeof(storage));

	return certified.at && chat_span_equal(certified, name);
}

/*
 * Where names are proven a name has one id, whatever its peer claims: *id becomes that, borrowed of
 * the tokens or in derived.
 */
static enum proof
guest_prove(const struct guest *guest, struct chat_span name, struct chat_span *id,
	char derived[TOKENS_ID_LEN + 1])
{
	const struct server *server = guest->server;
	bool has_ca = server->config->tls.client_ca != NULL;

	if (has_ca && !guest_is_certified(guest, name))
		return PROOF_NO_CERTIFICATE;
	if (server->tokens.path) {
		*id = guest->digest ? tokens_find(&server->tokens, name, guest->digest)
				    : (struct chat_span){0};
		return id->at ? PROOF_GIVEN : PROOF_NO_TOKEN;
	}
	if (has_ca) {
		tokens_derive_id(derived, name);
		*id = (struct chat_span){derived, TOKENS_ID_LEN};
	}
	return PROOF_GIVEN;
}

/* A wrong token is told so in a while; until then its guest is not listened to. */
static void
guest_deny(struct guest *guest, enum proof proof)
{
	if (proof == PROOF_NO_CERTIFICATE) {
		guest_shut(guest, CHAT_UNAUTHORIZED, "your certificate is not for this username",
			1008);
		return;
	}
	address_failed(
		&guest->server->addresses, guest->address, clock_now_ms(&guest->server->clock));
	guest_enqueue(guest, GUEST_DENIED);
	conn_hold(&guest->conn, true);
}

/* Makes it a member of the room it asked for, or says why not. since->id.at NULL: none. */
static void
guest_join(struct guest *guest, const struct room_join *join, const struct past_since *since)
{
	struct room *room = guest->lobby;
	struct chat_err err = {0};

	if (room_join(room, &guest->member, join, &err) < 0) {
		guest_refuse(guest, &err, (struct chat_span){0});
		return;
	}
	guest_log(guest, "%.*s joins %s", (int)join->name.len, join->name.at, room->channel);
	guest->lobby = NULL;
	room->visitors--;
	guest_enqueue(guest, GUEST_NOWHERE);
	conn_trust(&guest->conn);
	if (since->id.at)
		past_enter(guest, since);
	else
		past_enter_newest(guest);
}

/* Where it comes from there were too many wrong tokens, and it has not waited its turn. */
static bool
guest_must_wait(const struct guest *guest)
{
	const struct server *server = guest->server;

	return server->tokens.path && guest->queue == GUEST_OWES_INIT &&
		address_is_barred(guest->address, &server->addresses);
}

void
guest_init(struct guest *guest, const struct chat_msg *msg)
{
	char id[NONCE_ID_MAX], name[USERNAME_MAX], since_bytes[64], presence[16];
	char derived[TOKENS_ID_LEN + 1];
	enum proof proof;
	int64_t wait_ms;
	struct room_join join = {
		.id = decoded(msg, CHAT_SLOT_ID, id, sizeof(id)),
		.name = decoded(msg, CHAT_SLOT_USERNAME, name, sizeof(name)),
	};
	struct past_since since = {
		.id = decoded(msg, CHAT_SLOT_SINCE, since_bytes, sizeof(since_bytes)),
	};
	struct chat_err err = {0};

	if (guest_must_wait(guest)) {
		guest_wait(guest, msg->line);
		return;
	}
	if (chat_msg_has(msg, CHAT_SLOT_SINCE) && !since.id.at)
		since.id = CHAT_SPAN("?"); /* too long to be one of ours: not known */
	since.timed = chat_msg_has(msg, CHAT_SLOT_SINCE_TIME) &&
		chat_json_int64(msg->value[CHAT_SLOT_SINCE_TIME].raw, &since.time_ms);
	join.hidden = chat_span_equal(
		decoded(msg, CHAT_SLOT_PRESENCE, presence, sizeof(presence)), CHAT_SPAN("hidden"));
	if (guest->server->tokens.path)
		guest_take_token(guest, msg);
	proof = guest_prove(guest, join.name, &join.id, derived);
	if (proof != PROOF_GIVEN)
		guest_deny(guest, proof);
	else if (guest_check_names(guest, &join, &err) < 0)
		guest_refuse(guest, &err, (struct chat_span){0});
	else if (backlog_is_full(guest->server, join.id.len)) /* it could not be announced */
		guest_put_off(guest, (struct chat_span){0});
	else if ((wait_ms = guest_pay_join(guest, join.id)) > 0)
		guest_delay_join(guest, wait_ms);
	else
		guest_join(guest, &join, &since);
}

/* Whether it is who it was, where the tokens may have changed since. */
static bool
guest_is_still(const struct guest *guest, struct chat_span name, struct chat_span id)
{
	char derived[TOKENS_ID_LEN + 1];
	struct chat_span now = id;

	return guest_prove(guest, name, &now, derived) == PROOF_GIVEN && chat_span_equal(now, id);
}

/* ---- out again ---- */

void
guests_review(struct server *server)
{
	for (struct conn *conn = server->conns.all, *next; conn; conn = next) {
		struct guest *guest = guest_of(conn);
		const struct user *user = guest->member.user;

		next = conn->next;
		if (!guest->member.room || conn->state != CONN_OPEN ||
			guest_is_still(guest, (struct chat_span){user->name, user->name_len},
				(struct chat_span){user->id, user->id_len}))
			continue;
		guest_shut(guest, CHAT_UNAUTHORIZED, NOT_ANY_MORE, 1008);
	}
}
