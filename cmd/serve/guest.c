/* What a peer's messages mean: the protocol above the frames. */
#include "serve/guest.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "diag.h"
#include "msg.h"
#include "serve/origin.h"
#include "serve/resume.h"
#include "serve/server.h"

#define ERRORS_WINDOW_MS 10000

static struct guest *
guest_of(struct conn *conn)
{
	return (struct guest *)conn;
}

/* ---- errors ---- */

static void
guest_send_error(struct guest *guest, const struct say_error *error)
{
	struct block *block = say_error(error);

	conn_send_run(&guest->conn, block, 0, block->len);
	block_unref(block);
	guest->server->metrics.errors[chat_code_wire(error->code)]++;
	if (guest->server->config->verbose)
		chat_warn("%s: %s: %s", guest->lobby || guest->member.room ? "peer" : "connection",
			chat_code_word(error->code), error->text);
}

void
guest_shut(struct guest *guest, enum chat_code code, const char *text, uint16_t close_code)
{
	guest_send_error(guest, &(struct say_error){.code = code, .text = text, .fatal = true});
	conn_close(&guest->conn, close_code, chat_code_word(chat_code_wire(code)));
}

/* A bad message: an error each, and too many of them end the connection. */
static void
guest_refuse(struct guest *guest, const struct chat_err *err, struct chat_span nonce_json)
{
	int64_t now = clock_now_ms(&guest->server->clock);

	if (guest->errors == 0 || now - guest->errors_ms > ERRORS_WINDOW_MS) {
		guest->errors_ms = now;
		guest->errors = 0;
	}
	if (++guest->errors >= guest->server->config->max_errors) {
		guest->server->metrics.drops[METRICS_DROP_RULES]++;
		guest_shut(guest, err->code, "too many bad messages", 1008);
		return;
	}
	guest_send_error(guest,
		&(struct say_error){
			.code = err->code,
			.text = err->text,
			.field = err->field,
			.nonce_json = nonce_json,
		});
}

static void
guest_refuse_code(struct guest *guest, enum chat_code code, const char *text)
{
	struct chat_err err = {0};

	chat_fail(&err, code, "%s", text);
	guest_refuse(guest, &err, (struct chat_span){0});
}

/* ---- init ---- */

static void
guest_owes_init(struct guest *guest)
{
	guest->owes_init = true;
	DL_APPEND2(guest->server->owing, guest, prev_init, next_init);
}

static void
guest_initialised(struct guest *guest)
{
	if (guest->owes_init)
		DL_DELETE2(guest->server->owing, guest, prev_init, next_init);
	guest->owes_init = false;
}

void
guest_sweep(struct server *server)
{
	int64_t now = clock_now_ms(&server->clock);
	struct guest *guest, *next;

	for (guest = server->owing; guest; guest = next) {
		next = guest->next_init;
		if (guest->conn.state == CONN_OPEN &&
			now - guest->conn.since_ms <= server->config->init_timeout_ms)
			return;
		guest_initialised(guest);
		if (guest->conn.state != CONN_OPEN) /* it is closing for another reason */
			continue;
		server->metrics.drops[METRICS_DROP_LATE]++;
		guest_shut(guest, CHAT_NOT_INITIALIZED, "no init came in time", 1008);
	}
}

/* The value of a string decoded into storage; at NULL where it is absent. */
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

static void
guest_init(struct guest *guest, const struct chat_msg *msg)
{
	char id[NONCE_ID_MAX], name[128], since[64], presence[16];
	struct room_join join = {
		.id = decoded(msg, CHAT_SLOT_ID, id, sizeof(id)),
		.name = decoded(msg, CHAT_SLOT_USERNAME, name, sizeof(name)),
		.since = decoded(msg, CHAT_SLOT_SINCE, since, sizeof(since)),
	};
	struct chat_err err = {0};

	if (chat_msg_has(msg, CHAT_SLOT_SINCE) && !join.since.at)
		join.since = CHAT_SPAN("?"); /* too long to be one of ours: not known */
	join.hidden = chat_span_equal(
		decoded(msg, CHAT_SLOT_PRESENCE, presence, sizeof(presence)), CHAT_SPAN("hidden"));
	if (guest_check_names(guest, &join, &err) < 0)
		guest_refuse(guest, &err, (struct chat_span){0});
	else if (!resume_start(guest, &join))
		guest_join(guest, &join);
}

void
guest_join(struct guest *guest, const struct room_join *join)
{
	struct room *room = guest->lobby;
	struct chat_err err = {0};

	if (room_join(room, &guest->member, join, &err) < 0) {
		guest_refuse(guest, &err, (struct chat_span){0});
		return;
	}
	guest->lobby = NULL;
	room->visitors--;
	guest_initialised(guest);
	conn_trust(&guest->conn);
}

/* ---- text and file ---- */

/* The rate limit: a bucket of credit, in thousandths of a message. 0: go on; else when, in ms. */
static int64_t
user_pay(struct user *user, const struct config *config, int64_t now_ms)
{
	int64_t full = config->burst * 1000, rate = config->rate;

	if (rate == 0)
		return 0;
	if (user->credit_ms == 0)
		user->credit = full;
	else if (now_ms - user->credit_ms > full / rate)
		user->credit = full;
	else
		user->credit += (now_ms - user->credit_ms) * rate;
	if (user->credit > full)
		user->credit = full;
	user->credit_ms = now_ms;
	if (user->credit < 1000)
		return (1000 - user->credit + rate - 1) / rate;
	user->credit -= 1000;
	return 0;
}

static void
guest_say(struct guest *guest, const struct chat_msg *msg)
{
	struct room_say say;
	int64_t wait;

	say.user = guest->member.user;
	say.member = &guest->member;
	room_say_fill(&say, msg);
	wait = user_pay(say.user, guest->server->config, clock_now_ms(&guest->server->clock));
	if (wait) {
		guest_send_error(guest,
			&(struct say_error){
				.code = CHAT_RATE_LIMITED,
				.text = "too many messages",
				.nonce_json = say.nonce_json,
				.retry_after_ms = wait,
			});
		return;
	}
	room_say(guest->member.room, &say);
}

/* ---- events of the connection ---- */

static void
guest_message(struct guest *guest, const struct chat_msg *msg)
{
	bool joined = guest->member.room != NULL;

	if (msg->type == CHAT_TYPE_INIT && !joined)
		guest_init(guest, msg);
	else if (msg->type == CHAT_TYPE_INIT)
		guest_refuse_code(
			guest, CHAT_ALREADY_INITIALIZED, "init was done on this connection");
	else if (!joined)
		guest_refuse_code(guest, CHAT_NOT_INITIALIZED, "the first message must be init");
	else
		guest_say(guest, msg);
}

void
guest_hear(struct guest *guest, struct chat_span text)
{
	struct chat_err err = {0};
	struct chat_msg msg;

	msg.has = 0;
	if (chat_msg_read(&msg, text, CHAT_FROM_CLIENT, &err) == 0)
		guest_message(guest, &msg);
	else
		guest_refuse(guest, &err,
			chat_msg_has(&msg, CHAT_SLOT_NONCE) ? msg.value[CHAT_SLOT_NONCE].raw
							    : (struct chat_span){0});
}

static void
on_received(struct conn *conn, struct chat_span text)
{
	struct guest *guest = guest_of(conn);

	if (guest->resume)
		resume_hold(guest->resume, text);
	else
		guest_hear(guest, text);
}

static int
on_requested(struct conn *conn, const struct chat_http_request *request, const char **why)
{
	struct guest *guest = guest_of(conn);
	struct server *server = guest->server;
	struct chat_err err = {0};

	if (!origin_allowed(request->origin, request->host, &server->config->origins)) {
		*why = "this origin may not connect";
		return 403;
	}
	if (!chat_channel_valid(request->path)) {
		*why = "no such channel";
		return 404;
	}
	if (server->conns.count > server->max_connections) {
		*why = "the server is full";
		return 503;
	}
	if (address_is_over(guest->address, &server->addresses)) {
		*why = "there are too many connections from this address";
		return 503;
	}
	guest->lobby = rooms_find(&server->rooms, request->path, &err);
	if (!guest->lobby) {
		*why = "there are too many channels";
		return 503;
	}
	guest->lobby->visitors++;
	guest_owes_init(guest);
	return 101;
}

static void
on_failed(struct conn *conn, uint16_t close_code, const char *text)
{
	enum chat_code code = close_code == 1007 ? CHAT_BAD_UTF8
		: close_code == 1009             ? CHAT_TOO_LARGE
						 : CHAT_BAD_MESSAGE;

	guest_of(conn)->server->metrics.drops[METRICS_DROP_RULES]++;
	guest_send_error(
		guest_of(conn), &(struct say_error){.code = code, .text = text, .fatal = true});
}

static void
on_dropped(struct conn *conn, const char *text)
{
	guest_of(conn)->server->metrics.drops[METRICS_DROP_SLOW]++;
	guest_send_error(guest_of(conn),
		&(struct say_error){.code = CHAT_SLOW_CONSUMER, .text = text, .fatal = true});
}

static void
on_closed(struct conn *conn)
{
	struct guest *guest = guest_of(conn);

	guest_initialised(guest);
	resume_abandon(guest);
	addresses_leave(&guest->server->addresses, guest->address);
	if (guest->lobby) {
		guest->lobby->visitors--;
		room_forget(guest->lobby);
	}
	guest->lobby = NULL;
	room_leave(&guest->member);
}

static void
on_release(struct conn *conn)
{
	free(guest_of(conn));
}

const struct conn_events guest_events = {
	.requested = on_requested,
	.received = on_received,
	.failed = on_failed,
	.dropped = on_dropped,
	.closed = on_closed,
	.release = on_release,
};

void
guest_start(struct server *server, int fd, struct tls *tls, struct address *address)
{
	struct guest *guest = chat_alloc_zeroed(1, sizeof(*guest));

	guest->server = server;
	guest->address = address;
	guest->member.conn = &guest->conn;
	if (conn_start(&guest->conn, &server->conns, fd, tls) < 0) {
		addresses_leave(&server->addresses, address);
		free(guest);
	}
}
