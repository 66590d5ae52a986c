/* What a peer's messages mean: the protocol above the frames. */
#include "serve/session/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/msg.h"
#include "serve/server.h"
#include "serve/session/auth_queue.h"
#include "serve/session/catchup.h"
#include "text/hash.h"

#define ERRORS_WINDOW_MS 10000

void
guest_log(const struct guest *guest, const char *format, ...)
{
	char name[ADDRESS_NAME_MAX], text[256];
	va_list arguments;

	if (!guest->server->config->verbose)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	address_name(guest->address, name);
	notices_say(&guest->server->notices, "%s: %s", name, text);
}

/* ---- errors ---- */

static void
guest_send_error(struct guest *guest, const struct say_error *error)
{
	struct block *block = say_error(error);

	conn_send_run(&guest->conn, block, 0, block->len);
	block_unref(block);
	guest->server->metrics.errors[chat_code_wire(error->code)]++;
	guest_log(guest, "%s: %s", chat_code_word(chat_code_wire(error->code)), error->text);
}

void
guest_shut(struct guest *guest, enum chat_code code, const char *text, uint16_t close_code)
{
	guest_send_error(guest, &(struct say_error){.code = code, .text = text, .fatal = true});
	conn_close(&guest->conn, close_code, chat_code_word(chat_code_wire(code)));
}

/* One more bad message: whether it was one too many, and the connection ends. */
static bool
guest_errs(struct guest *guest, enum chat_code code)
{
	int64_t now = clock_now_ms(&guest->server->clock);

	if (guest->errors == 0 || now - guest->errors_ms > ERRORS_WINDOW_MS) {
		guest->errors_ms = now;
		guest->errors = 0;
	}
	if (++guest->errors < guest->server->config->max_errors)
		return false;
	guest->server->metrics.drops[METRICS_DROP_RULES]++;
	guest_shut(guest, code, "too many bad messages", 1008);
	return true;
}

void
guest_refuse(struct guest *guest, const struct chat_err *err, struct chat_span nonce_json)
{
	if (guest_errs(guest, err->code))
		return;
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

void
guest_delay(struct guest *guest, const char *text, struct chat_span nonce_json, int64_t wait_ms)
{
	guest_send_error(guest,
		&(struct say_error){
			.code = CHAT_RATE_LIMITED,
			.text = text,
			.nonce_json = nonce_json,
			.retry_after_ms = wait_ms,
		});
}

void
guest_delay_join(struct guest *guest, int64_t wait_ms)
{
	if (!guest_errs(guest, CHAT_RATE_LIMITED))
		guest_delay(guest, "too many joins", (struct chat_span){0}, wait_ms);
}

/* ---- text and file ---- */

/* Whoever says more than it may is not read for a moment: refusing is work, too. */
static void
guest_calm(struct guest *guest)
{
	if (guest->queue != GUEST_NOWHERE)
		return;
	guest_enqueue(guest, GUEST_HASTY);
	conn_hold(&guest->conn, true);
}

/*
 * Who answers for what the server remembers of a message: where no names are proven everybody who
 * comes over a network from one address, else each user.
 */
static uint64_t
guest_owner(const struct guest *guest)
{
	const struct user *user = guest->member.user;

	if (address_kind(guest->address) == ADDRESS_REMOTE && !server_proves_names(guest->server))
		return address_hash(guest->address);
	return chat_hash(user->id, user->id_len);
}

void
guest_put_off(struct guest *guest, struct chat_span nonce_json)
{
	guest_send_error(guest,
		&(struct say_error){
			.code = CHAT_UNAVAILABLE,
			.text = "too much waits for the disk now",
			.nonce_json = nonce_json,
			.retry_after_ms = BACKLOG_RETRY_MS,
		});
}

static void
guest_say(struct guest *guest, const struct chat_msg *msg)
{
	struct room *room = guest->member.room;
	struct chat_err err = {0};
	struct room_say say;
	int64_t wait;

	say.user = guest->member.user;
	say.member = &guest->member;
	room_say_fill(&say, msg);
	if (backlog_is_full(guest->server, msg->line.len)) {
		guest_put_off(guest, say.nonce_json);
		return;
	}
	say.owner = say.nonce_json.len ? guest_owner(guest) : 0;
	wait = guest_pay_message(guest, msg->line.len);
	if (wait) {
		guest_delay(guest, "too many messages, or too large ones", say.nonce_json, wait);
		guest_calm(guest);
		return;
	}
	if (room_say(room, &say, &err) < 0)
		guest_send_error(guest,
			&(struct say_error){
				.code = err.code,
				.text = err.text,
				.nonce_json = say.nonce_json,
				.retry_after_ms = err.code == CHAT_RATE_LIMITED ? 1000 : 0,
			});
	backlog_said(guest);
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

	if (guest->queue == GUEST_DENIED)
		return; /* it has said all that it may */
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

	if (guest->queue == GUEST_WAITS)
		guest_wait_longer(guest, text);
	else
		guest_hear(guest, text);
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
on_overfull(struct conn *conn, const char *text)
{
	guest_of(conn)->server->metrics.drops[METRICS_DROP_FULL]++;
	guest_send_error(guest_of(conn),
		&(struct say_error){.code = CHAT_SERVER_FULL, .text = text, .fatal = true});
}

static void
on_dropped(struct conn *conn, const char *text)
{
	guest_of(conn)->server->metrics.drops[METRICS_DROP_SLOW]++;
	guest_send_error(guest_of(conn),
		&(struct say_error){.code = CHAT_SLOW_CONSUMER, .text = text, .fatal = true});
}

static void
on_turned_away(struct conn *conn, int status, const char *why)
{
	if (status)
		guest_log(guest_of(conn), "%d: %s", status, why);
	else
		guest_log(guest_of(conn), "%s", why);
}

/* Of those who come over a network an address is one; this machine's many are not told apart. */
static const void *
owner_of(const struct conn *conn)
{
	const struct address *address = ((const struct guest *)conn)->address;

	return address_kind(address) == ADDRESS_REMOTE ? address : NULL;
}

static void
on_emptied(struct conn *conn)
{
	past_emptied(guest_of(conn));
}

static void
on_rested(struct conn *conn)
{
	backlog_relieve(guest_of(conn)->server);
}

static void
on_closed(struct conn *conn)
{
	struct guest *guest = guest_of(conn);

	if (guest->member.room)
		guest_log(guest, "%.*s leaves %s", (int)guest->member.user->name_len,
			guest->member.user->name, guest->member.room->channel);
	guest_wait_ends(guest);
	guest_enqueue(guest, GUEST_NOWHERE);
	guest_pay_ends(guest);
	room_leave(&guest->member);
	past_leave(guest);
	addresses_leave(&guest->server->addresses, guest->address);
	if (guest->lobby) {
		guest->lobby->visitors--;
		room_forget(guest->lobby);
	}
	guest->lobby = NULL;
}

static void
on_release(struct conn *conn)
{
	free(guest_of(conn)->digest);
	free(guest_of(conn));
}

const struct conn_events guest_events = {
	.requested = guest_request,
	.received = on_received,
	.failed = on_failed,
	.overfull = on_overfull,
	.dropped = on_dropped,
	.turned_away = on_turned_away,
	.owner = owner_of,
	.emptied = on_emptied,
	.rested = on_rested,
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
