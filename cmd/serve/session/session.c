/* What a peer's messages mean: the protocol above the frames. */
#include "serve/session/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/msg.h"
#include "serve/channel/encode.h"
#include "serve/channel/join.h"
#include "serve/channel/post.h"
#include "serve/server.h"
#include "serve/session/auth_queue.h"
#include "serve/session/catchup.h"
#include "text/hash.h"

#define ERRORS_WINDOW_MS 10000

void
session_log(const struct session *session, const char *format, ...)
{
	char name[ADDRESS_NAME_MAX], text[256];
	va_list arguments;

	if (!session->server->config->verbose)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	address_name(session->address, name);
	error_log_say(&session->server->error_log, "%s: %s", name, text);
}

/* ---- errors ---- */

static void
session_send_error(struct session *session, const struct outgoing_error *error)
{
	struct block *block = encode_error(error);

	conn_send_run(&session->conn, block, 0, block->len);
	block_unref(block);
	session->server->metrics.errors[chat_code_wire(error->code)]++;
	session_log(session, "%s: %s", chat_code_word(chat_code_wire(error->code)), error->text);
}

void
session_shut(struct session *session, enum chat_code code, const char *text, uint16_t close_code)
{
	session_send_error(
		session, &(struct outgoing_error){.code = code, .text = text, .fatal = true});
	conn_close(&session->conn, close_code, chat_code_word(chat_code_wire(code)));
}

/* One more bad message: whether it was one too many, and the connection ends. */
static bool
session_errs(struct session *session, enum chat_code code)
{
	int64_t now = clock_now_ms(&session->server->clock);

	if (session->errors == 0 || now - session->errors_ms > ERRORS_WINDOW_MS) {
		session->errors_ms = now;
		session->errors = 0;
	}
	if (++session->errors < session->server->config->max_errors)
		return false;
	session->server->metrics.drops[METRICS_DROP_RULES]++;
	session_shut(session, code, "too many bad messages", 1008);
	return true;
}

void
session_refuse(struct session *session, const struct chat_err *err, struct chat_span nonce_json)
{
	if (session_errs(session, err->code))
		return;
	session_send_error(session,
		&(struct outgoing_error){
			.code = err->code,
			.text = err->text,
			.field = err->field,
			.nonce_json = nonce_json,
		});
}

static void
session_refuse_code(struct session *session, enum chat_code code, const char *text)
{
	struct chat_err err = {0};

	chat_fail(&err, code, "%s", text);
	session_refuse(session, &err, (struct chat_span){0});
}

void
session_delay(
	struct session *session, const char *text, struct chat_span nonce_json, int64_t wait_ms)
{
	session_send_error(session,
		&(struct outgoing_error){
			.code = CHAT_RATE_LIMITED,
			.text = text,
			.nonce_json = nonce_json,
			.retry_after_ms = wait_ms,
		});
}

void
session_delay_join(struct session *session, int64_t wait_ms)
{
	if (!session_errs(session, CHAT_RATE_LIMITED))
		session_delay(session, "too many joins", (struct chat_span){0}, wait_ms);
}

/* ---- text and file ---- */

/* Whoever says more than it may is not read for a moment: refusing is work, too. */
static void
session_calm(struct session *session)
{
	if (session->queue != SESSION_NOWHERE)
		return;
	session_enqueue(session, SESSION_HASTY);
	conn_pause(&session->conn, CONN_PAUSE_SESSION);
}

/*
 * Who answers for what the server remembers of a message: where no names are proven everybody who
 * comes over a network from one address, else each user.
 */
static uint64_t
session_owner(const struct session *session)
{
	const struct user *user = session->member.user;

	if (address_kind(session->address) == ADDRESS_REMOTE &&
		!server_proves_names(session->server))
		return address_hash(session->address);
	return chat_hash(user->id, user->id_len);
}

void
session_put_off(struct session *session, struct chat_span nonce_json)
{
	session_send_error(session,
		&(struct outgoing_error){
			.code = CHAT_UNAVAILABLE,
			.text = "too much waits for the disk now",
			.nonce_json = nonce_json,
			.retry_after_ms = BACKPRESSURE_RETRY_MS,
		});
}

static void
session_say(struct session *session, const struct chat_msg *msg)
{
	struct channel *channel = session->member.channel;
	struct chat_err err = {0};
	struct channel_post post;
	int64_t wait;

	post.user = session->member.user;
	post.member = &session->member;
	channel_post_fill(&post, msg);
	if (backpressure_is_full(session->server, msg->line.len)) {
		session_put_off(session, post.nonce_json);
		return;
	}
	post.owner = post.nonce_json.len ? session_owner(session) : 0;
	wait = session_rate_message(session, msg->line.len);
	if (wait) {
		session_delay(
			session, "too many messages, or too large ones", post.nonce_json, wait);
		session_calm(session);
		return;
	}
	if (channel_post(channel, &post, &err) < 0)
		session_send_error(session,
			&(struct outgoing_error){
				.code = err.code,
				.text = err.text,
				.nonce_json = post.nonce_json,
				.retry_after_ms = err.code == CHAT_RATE_LIMITED ? 1000 : 0,
			});
	backpressure_said(session);
}

/* ---- events of the connection ---- */

static void
session_message(struct session *session, const struct chat_msg *msg)
{
	bool joined = session->member.channel != NULL;

	if (msg->type == CHAT_TYPE_INIT && !joined)
		session_init(session, msg);
	else if (msg->type == CHAT_TYPE_INIT)
		session_refuse_code(
			session, CHAT_ALREADY_INITIALIZED, "init was done on this connection");
	else if (!joined)
		session_refuse_code(
			session, CHAT_NOT_INITIALIZED, "the first message must be init");
	else
		session_say(session, msg);
}

void
session_hear(struct session *session, struct chat_span text)
{
	struct chat_err err = {0};
	struct chat_msg msg;

	if (session->queue == SESSION_DENIED)
		return; /* it has said all that it may */
	msg.has = 0;
	if (chat_msg_read(&msg, text, CHAT_FROM_CLIENT, &err) == 0)
		session_message(session, &msg);
	else
		session_refuse(session, &err,
			chat_msg_has(&msg, CHAT_SLOT_NONCE) ? msg.value[CHAT_SLOT_NONCE].raw
							    : (struct chat_span){0});
}

static void
on_received(struct conn *conn, struct chat_span text)
{
	struct session *session = session_of(conn);

	if (session->queue == SESSION_WAITS)
		auth_queue_add(session, text);
	else
		session_hear(session, text);
}

static void
on_failed(struct conn *conn, uint16_t close_code, const char *text)
{
	enum chat_code code = close_code == 1007 ? CHAT_BAD_UTF8
		: close_code == 1009             ? CHAT_TOO_LARGE
						 : CHAT_BAD_MESSAGE;

	session_of(conn)->server->metrics.drops[METRICS_DROP_RULES]++;
	session_send_error(session_of(conn),
		&(struct outgoing_error){.code = code, .text = text, .fatal = true});
}

static void
on_overfull(struct conn *conn, const char *text)
{
	session_of(conn)->server->metrics.drops[METRICS_DROP_FULL]++;
	session_send_error(session_of(conn),
		&(struct outgoing_error){.code = CHAT_SERVER_FULL, .text = text, .fatal = true});
}

static void
on_dropped(struct conn *conn, const char *text)
{
	session_of(conn)->server->metrics.drops[METRICS_DROP_SLOW]++;
	session_send_error(session_of(conn),
		&(struct outgoing_error){.code = CHAT_SLOW_CONSUMER, .text = text, .fatal = true});
}

static void
on_turned_away(struct conn *conn, int status, const char *why)
{
	if (status)
		session_log(session_of(conn), "%d: %s", status, why);
	else
		session_log(session_of(conn), "%s", why);
}

/* Of those who come over a network an address is one; this machine's many are not told apart. */
static const void *
owner_of(const struct conn *conn)
{
	const struct address *address = ((const struct session *)conn)->address;

	return address_kind(address) == ADDRESS_REMOTE ? address : NULL;
}

static void
on_emptied(struct conn *conn)
{
	catchup_emptied(session_of(conn));
}

static void
on_rested(struct conn *conn)
{
	backpressure_relieve(session_of(conn)->server);
}

static void
on_closed(struct conn *conn)
{
	struct session *session = session_of(conn);

	if (session->member.channel)
		session_log(session, "%.*s leaves %s", (int)session->member.user->name_len,
			session->member.user->name, session->member.channel->name);
	auth_queue_leave(session);
	session_enqueue(session, SESSION_NOWHERE);
	session_rate_leave(session);
	channel_leave(&session->member);
	catchup_leave(session);
	addresses_leave(&session->server->addresses, session->address);
	if (session->lobby) {
		session->lobby->visitors--;
		channel_release(session->lobby);
	}
	session->lobby = NULL;
}

static void
on_release(struct conn *conn)
{
	free(session_of(conn)->digest);
	free(session_of(conn));
}

const struct conn_events session_events = {
	.on_request = session_request,
	.on_message = on_received,
	.on_violation = on_failed,
	.on_overload = on_overfull,
	.on_slow_reader = on_dropped,
	.on_rejection = on_turned_away,
	.owner = owner_of,
	.on_drained = on_emptied,
	.on_turn_end = on_rested,
	.on_closed = on_closed,
	.release = on_release,
};

void
session_start(struct server *server, int fd, struct tls *tls, struct address *address)
{
	struct session *session = chat_alloc_zeroed(1, sizeof(*session));

	session->server = server;
	session->address = address;
	session->member.conn = &session->conn;
	if (conn_start(&session->conn, &server->conns, fd, tls) < 0) {
		addresses_leave(&server->addresses, address);
		free(session);
	}
}
