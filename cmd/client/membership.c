/* A connection that comes back, joins again, and goes on where it was. */
#include "client/membership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/encode.h"
#include "chat/json.h"
#include "client/splice.h"
#include "command/diag.h"

#define SETTLED_MS 5000 /* a connection that lived so long was no failed attempt */
#define CATCH_UP_MS 2000 /* a plain server that sends no history by then is asked for a sign */
#define HISTORY_MS 60000 /* and so is one that said it would, and may have to look for it */
#define PAGE_MS 600000 /* and who has begun with it, and has many who read it */
#define SILENCE_MS 3000 /* likewise who answers init with nothing by then */
#define RETRY_MOST_MS 600000 /* whatever a server asks for */
#define QUEUE_MAX_BYTES (1u << 20)

void
session_open(struct session *session, const struct settings *settings, const struct chat_url *url,
	const struct session_options *options)
{
	*session = (struct session){.settings = settings, .options = *options, .url = *url};
	session->identity = settings->identity;
	chat_url_format(url, session->url_text, sizeof session->url_text);
	position_begin(&session->position, options->since);
	session->state = SESSION_WAITING;
}

static void
disconnect(struct session *session)
{
	chat_client_free(session->client);
	session->client = NULL;
}

void
session_free(struct session *session)
{
	disconnect(session);
	position_free(&session->position);
	chat_buf_free(&session->compact);
}

void
session_progress(struct session *session)
{
	session->lost_ms = 0;
	session->backoff = (struct backoff){0};
}

/* Whether another attempt may help. */
static bool
is_passing(enum chat_code code)
{
	switch (code) {
	case CHAT_CANNOT_CONNECT:
	case CHAT_UNKNOWN_HOST:
	case CHAT_NOT_INITIALIZED: /* our init came too late */
	case CHAT_CONNECTION_LOST:
	case CHAT_CONNECTION_CLOSED:
	case CHAT_TRY_LATER:
	case CHAT_TIMED_OUT:
	case CHAT_RATE_LIMITED:
	case CHAT_CHANNEL_FULL:
	case CHAT_SERVER_FULL:
	case CHAT_SLOW_CONSUMER:
	case CHAT_STORAGE_FAILED:
	case CHAT_UNAVAILABLE:
	case CHAT_SHUTTING_DOWN:
		return true;
	default:
		return false;
	}
}

static bool
may_retry(const struct session *session, enum chat_code code, int64_t now_ms)
{
	const struct session_options *options = &session->options;

	if (!is_passing(code) || options->retry_for_ms == 0)
		return false;
	if (!session->joined_before && !options->wait)
		return false;
	if (now_ms < session->retry_at_ms)
		now_ms = session->retry_at_ms;
	return options->retry_for_ms < 0 || now_ms - session->lost_ms < options->retry_for_ms;
}

/* Who has little time tries more often. */
static int64_t
most_wait_ms(const struct session_options *options)
{
	return options->retry_for_ms > 0 ? options->retry_for_ms / 10 + 1 : 0;
}

/* The connection is gone: another attempt later, or the end. */
static void
lose(struct session *session, const struct chat_err *err, struct session_event *event)
{
	int64_t now_ms = chat_now_ms(), wait_ms;
	bool closing = session->state == SESSION_CLOSING;

	if (session->state == SESSION_JOINED && now_ms - session->joined_ms >= SETTLED_MS)
		session_progress(session);
	disconnect(session);
	session->catch_up_due = false;
	event->err = *err;
	if (session->lost_ms == 0)
		session->lost_ms = now_ms;
	if (closing || !may_retry(session, err->code, now_ms)) {
		session->state = SESSION_ENDED;
		session->deadline_ms = INT64_MAX;
		event->what = closing && err->code == CHAT_CONNECTION_CLOSED ? SESSION_CLOSED
									     : SESSION_END;
		return;
	}
	wait_ms = backoff_next_ms(&session->backoff, most_wait_ms(&session->options));
	if (now_ms + wait_ms < session->retry_at_ms)
		wait_ms = session->retry_at_ms - now_ms;
	session->retry_at_ms = 0;
	session->state = SESSION_WAITING;
	session->deadline_ms = now_ms + wait_ms;
	event->what = SESSION_LOST;
	event->retry_ms = wait_ms;
}

static void
lose_with(
	struct session *session, enum chat_code code, const char *text, struct session_event *event)
{
	struct chat_err err;

	chat_fail(&err, code, "%s", text);
	lose(session, &err, event);
}

static void
session_connect(struct session *session, struct session_event *event)
{
	struct chat_err err;

	if (session->settings->verbose)
		chat_warn("%s: connecting", session->url_text);
	session->client = chat_client_open(&session->url, &session->settings->client, &err);
	session->state = SESSION_CONNECTING;
	session->deadline_ms = chat_now_ms() + session->settings->client.connect_timeout_ms;
	session->peer = (struct peer){0};
	session->last_code = CHAT_OK;
	session->caught_up = false;
	session->catch_up_due = false;
	session->paged = false;
	heartbeat_begin(&session->heartbeat, session->settings->dead_after_ms);
	if (!session->client)
		lose(session, &err, event);
}

static void
say_init(struct session *session)
{
	const struct settings *settings = session->settings;
	const char *since = position_id(&session->position);
	char *init = chat_encode_init(&(struct chat_encode_init){
		.username = settings->identity.username,
		.id = settings->identity.id,
		.token = settings->token,
		.since = session->options.resumes && *since ? since : NULL,
		.since_ms = strcmp(since, POSITION_BEGINNING) == 0 ? session->options.since_ms : 0,
		.hidden = session->options.hidden,
	});

	session_send(session, chat_span_of(init));
	free(init);
}

static void
set_catch_up_deadline(struct session *session)
{
	int64_t patience_ms = session->peer.past ? HISTORY_MS : CATCH_UP_MS;

	session->deadline_ms = chat_now_ms() + (session->paged ? PAGE_MS : patience_ms);
}

static void
session_joined(struct session *session, struct chat_span text, struct session_event *event)
{
	event->what = SESSION_JOIN;
	event->text = text;
	event->msg = &session->msg;
	event->again = session->rejoined = session->joined_before;
	session->state = SESSION_JOINED;
	session->joined_before = true;
	session->joined_ms = chat_now_ms();
	session->heartbeat.asked = false;
	set_catch_up_deadline(session);
	session->complete = false;
}

/* Without an answer: the specification does not ask for one. */
static void
join_unheard(struct session *session, struct session_event *event)
{
	session->msg.type = CHAT_TYPE_UNKNOWN;
	session->msg.has = 0;
	session_joined(session, (struct chat_span){0}, event);
}

static void
session_opened(struct session *session, struct session_event *event)
{
	session->state = SESSION_JOINING;
	session->deadline_ms = chat_now_ms() + SILENCE_MS;
	say_init(session);
	if (session->options.deaf)
		join_unheard(session, event);
}

/* An error of the server as one of ours: its word is kept, its sentence cut to fit. */
static void
err_of_message(struct chat_err *err, const struct chat_msg *msg)
{
	char *code = chat_msg_string(&msg->value[CHAT_SLOT_CODE]);
	char *text = chat_msg_string(&msg->value[CHAT_SLOT_MESSAGE]);

	chat_fail(err, chat_code_find(chat_span_of(code)), "%s: %s", code, text);
	free(code);
	free(text);
}

static void
note_retry_after(struct session *session, const struct chat_msg *msg)
{
	int64_t after_ms;

	if (!chat_msg_has(msg, CHAT_SLOT_RETRY_AFTER) ||
		!chat_json_int64(msg->value[CHAT_SLOT_RETRY_AFTER].raw, &after_ms) || after_ms < 0)
		return;
	session->retry_at_ms =
		chat_now_ms() + (after_ms < RETRY_MOST_MS ? after_ms : RETRY_MOST_MS);
}

/* The server will not have us, for now or at all. */
static void
join_refused(struct session *session, struct session_event *event)
{
	struct chat_err err;

	err_of_message(&err, &session->msg);
	note_retry_after(session, &session->msg);
	if (err.code == CHAT_NOT_INITIALIZED)
		err.code = CHAT_TRY_LATER; /* our init came too late */
	if (chat_exit_status(err.code) != CHAT_EXIT_REFUSED && !is_passing(err.code))
		err.code = CHAT_PROTOCOL_ERROR; /* our init is right */
	lose(session, &err, event);
}

/* A server that proves names gives each its id, whatever init says. */
static void
take_identity(struct session *session)
{
	const struct identity *said = &session->settings->identity;
	const char *id = *session->peer.id ? session->peer.id : said->id;

	snprintf(session->identity.id, sizeof session->identity.id, "%s", id);
}

/*
 * A connection that is lost between its userData and its history leaves no position. What was said
 * since then may be more than the history of the next one holds: it is asked for by another.
 */
static void
go_back(struct session *session)
{
	const char *since = session->peer.since, *first = session->first_since;

	if (!session->options.resumes || *position_id(&session->position))
		return;
	if (!*first) {
		snprintf(session->first_since, sizeof session->first_since, "%s", since);
		return;
	}
	if (strcmp(first, since) == 0)
		return;
	position_set(&session->position, first);
	session->rejoin_due = true;
}

/* The first answer to init. */
static void
receive_first(struct session *session, struct chat_span text, struct session_event *event)
{
	const struct chat_msg *msg = &session->msg;

	if (msg->type == CHAT_TYPE_ERROR) {
		join_refused(session, event);
		return;
	}
	if (msg->type == CHAT_TYPE_USER_DATA && chat_msg_has(msg, CHAT_SLOT_SERVER))
		peer_read(&session->peer, msg->value[CHAT_SLOT_SERVER].raw);
	take_identity(session);
	via_here_note(&session->here, session->peer.origin);
	if (session->settings->verbose)
		chat_warn("%s: joined as %s", session->url_text,
			session->settings->identity.username);
	session_joined(session, text, event);
	go_back(session);
}

static void
receive_error(struct session *session)
{
	struct chat_err err;

	err_of_message(&err, &session->msg);
	session->last_code = err.code;
	note_retry_after(session, &session->msg);
}

static bool
is_true(const struct chat_msg *msg, enum chat_slot slot)
{
	return chat_msg_has(msg, slot) && msg->value[slot].raw.at[0] == 't';
}

/*
 * That which answers init, in one or in several; on a server that has no `complete` nothing is
 * known.
 */
static void
receive_history(struct session *session)
{
	const struct chat_msg *msg = &session->msg;

	if (session->caught_up)
		return;
	session->complete =
		is_true(msg, CHAT_SLOT_COMPLETE) && (!session->paged || session->complete);
	session->paged = is_true(msg, CHAT_SLOT_MORE);
	session->catch_up_due = !session->paged;
	set_catch_up_deadline(session);
}

/* Accepts all that RFC 8259 calls JSON, which is more than the protocol allows. */
static bool
is_json(struct chat_span text, struct chat_err *err)
{
	struct chat_json_value value;
	struct chat_json json;

	if (err->code == CHAT_BAD_UTF8)
		return false;
	chat_json_begin(&json, text);
	json.any_escape = true;
	return chat_json_read(&json, &value, err) == 0 && chat_json_end(&json, err) == 0;
}

/* Reads what came. -1: it is not JSON. What is JSON and no message of the table is passed on. */
static int
read_message(struct session *session, struct chat_span text, struct chat_err *err)
{
	if (chat_msg_read(&session->msg, text, CHAT_FROM_SERVER, err) == 0)
		return 0;
	session->msg.type = CHAT_TYPE_UNKNOWN;
	session->msg.has = 0;
	if (is_json(text, err))
		return 0;
	return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server sent no message: %s", err->text);
}

static void
receive(struct session *session, struct chat_span text, struct session_event *event)
{
	struct chat_err err;

	if (memchr(text.at, '\n', text.len))
		text = compact_line(&session->compact, text);
	if (read_message(session, text, &err) < 0) {
		lose(session, &err, event);
		return;
	}
	if (session->state == SESSION_JOINING) {
		receive_first(session, text, event);
		return;
	}
	if (session->msg.type == CHAT_TYPE_ERROR)
		receive_error(session);
	else if (session->msg.type == CHAT_TYPE_HISTORY)
		receive_history(session);
	event->what = SESSION_MESSAGE;
	event->text = text;
	event->msg = &session->msg;
}

/* A policy close says by the error before it whether coming back helps. */
static void
explain_close(const struct session *session, struct chat_err *err)
{
	if (err->code == CHAT_REFUSED && session->state != SESSION_CONNECTING &&
		is_passing(session->last_code))
		err->code = CHAT_CONNECTION_LOST;
}

static void
deadline_passed(struct session *session, struct session_event *event)
{
	switch (session->state) {
	case SESSION_CONNECTING:
		lose_with(session, CHAT_CANNOT_CONNECT, "connecting takes too long", event);
		break;
	case SESSION_JOINING:
	case SESSION_JOINED:
		session->deadline_ms = INT64_MAX;
		heartbeat_ask(&session->heartbeat, session->client);
		break;
	default:
		lose_with(session, CHAT_CONNECTION_LOST, "the server does not answer Close", event);
		break;
	}
}

/* Not in this channel's past either: what will be said is not to be missed. */
static bool
heard_nothing(const struct session *session)
{
	const char *id = position_id(&session->position);

	return *id == '\0' || strcmp(id, POSITION_BEGINNING) == 0;
}

static void
catch_up(struct session *session, struct session_event *event)
{
	session->catch_up_due = session->heartbeat.asked = false;
	session->deadline_ms = INT64_MAX;
	if (session->caught_up)
		return;
	session->caught_up = true;
	if (session->options.resumes && *session->peer.since && heard_nothing(session))
		position_set(&session->position, session->peer.since);
	event->what = SESSION_CATCH_UP;
	event->again = session->rejoined;
	event->complete = session->complete;
}

/* Nobody reads what is said in the channel: the server is not read either. */
static bool
is_held(const struct session *session)
{
	return session->paused && session->state == SESSION_JOINED;
}

/* It owes us words. */
static bool
is_watched(const struct session *session)
{
	return session->state == SESSION_JOINING ||
		(session->state == SESSION_JOINED && !is_held(session));
}

/* A server that is there and has said nothing until now: that is its answer. */
static void
watch(struct session *session, struct session_event *event)
{
	if (!heartbeat_check(&session->heartbeat, session->client)) {
		lose_with(session, CHAT_CONNECTION_LOST, "the server answers no ping", event);
		return;
	}
	if (!heartbeat_answered(&session->heartbeat))
		return;
	session->heartbeat.asked = false;
	if (session->state == SESSION_JOINING) {
		join_unheard(session, event);
		return;
	}
	session->catch_up_due = true;
	session->complete = false;
}

/* What the connection has: a message, the end of it, nothing. */
static void
drive(struct session *session, struct session_event *event)
{
	struct chat_span text;
	struct chat_err err;
	int got = 0;

	if (session->state == SESSION_CONNECTING && chat_client_is_open(session->client))
		session_opened(session, event);
	while (event->what == SESSION_NOTHING && !is_held(session) &&
		(got = chat_client_receive(session->client, &text, &err)) > 0)
		receive(session, text, event);
	if (event->what != SESSION_NOTHING)
		return;
	if (got < 0) {
		explain_close(session, &err);
		lose(session, &err, event);
		return;
	}
	if (session->state == SESSION_CONNECTING && chat_client_is_open(session->client))
		session_opened(session, event);
	session_flush(session);
	if (is_watched(session))
		watch(session, event);
}

void
session_next(struct session *session, struct session_event *event)
{
	event->what = SESSION_NOTHING;
	if (session->state == SESSION_ENDED)
		return;
	if (session->position.refused) {
		session->position.refused = false;
		lose_with(session, CHAT_PROTOCOL_ERROR, "the server sent an id of more than 64 KiB",
			event);
		return;
	}
	if (session->rejoin_due) {
		session->rejoin_due = false;
		lose_with(session, CHAT_CONNECTION_LOST, "joining again", event);
		return;
	}
	/* A server that goes on talking does not keep us. */
	if (session->state == SESSION_CLOSING && chat_now_ms() >= session->deadline_ms) {
		deadline_passed(session, event);
		return;
	}
	if (session->catch_up_due)
		catch_up(session, event);
	if (session->state == SESSION_WAITING && chat_now_ms() >= session->deadline_ms)
		session_connect(session, event);
	if (event->what == SESSION_NOTHING && session->client)
		drive(session, event);
	if (event->what == SESSION_NOTHING && session->catch_up_due)
		catch_up(session, event);
	if (event->what == SESSION_NOTHING && !is_held(session) &&
		chat_now_ms() >= session->deadline_ms && session->state != SESSION_WAITING)
		deadline_passed(session, event);
}

bool
session_can_send(const struct session *session)
{
	return session->state == SESSION_JOINED &&
		chat_client_queued_bytes(session->client) < QUEUE_MAX_BYTES;
}

/* A connection that fails here fails again in session_next, which tells. */
void
session_send(struct session *session, struct chat_span text)
{
	if (session->client)
		chat_client_send(session->client, text, NULL);
}

void
session_flush(struct session *session)
{
	if (session->client)
		chat_client_flush(session->client, NULL);
}

size_t
session_unsent_bytes(const struct session *session)
{
	return session->client ? chat_client_unsent_bytes(session->client) : 0;
}

void
session_close(struct session *session, int64_t limit_ms)
{
	int64_t limit_end_ms = chat_now_ms() + limit_ms;

	if (session->state == SESSION_CLOSING && limit_end_ms < session->deadline_ms)
		session->deadline_ms = limit_end_ms;
	if (session->state == SESSION_CLOSING || session->state == SESSION_ENDED)
		return;
	if (session->state == SESSION_JOINING || session->state == SESSION_JOINED)
		chat_client_close(session->client);
	else
		disconnect(session);
	session->state = SESSION_CLOSING;
	session->rejoin_due = session->catch_up_due = false;
	session->deadline_ms = chat_now_ms() + (session->client ? limit_ms : 0);
}

void
session_rejoin(struct session *session)
{
	session->rejoin_due = true;
}

void
session_pause(struct session *session, bool paused)
{
	if (is_held(session) && !paused && session->deadline_ms != INT64_MAX)
		set_catch_up_deadline(session);
	session->paused = paused;
}

/* Of the descriptors those that may be dealt with: a broken connection is always ready. */
static void
await_client(const struct session *session, struct waits *waits)
{
	struct pollfd *fds = waits_reserve(waits, CHAT_CLIENT_POLL_FDS);
	size_t count = chat_client_poll_fds(session->client, fds, CHAT_CLIENT_POLL_FDS), kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_held(session))
			fds[i].events &= ~POLLIN;
		if (fds[i].events)
			fds[kept++] = fds[i];
	}
	waits->count += kept;
}

void
session_await(const struct session *session, struct waits *waits)
{
	if (session->state == SESSION_ENDED)
		return;
	if (session->rejoin_due || session->catch_up_due || session->position.refused)
		waits_until(waits, 0);
	if (session->client)
		await_client(session, waits);
	if (is_held(session))
		return;
	waits_until(waits, session->deadline_ms);
	if (session->client)
		waits_until(waits, chat_client_wake_ms(session->client));
	if (is_watched(session))
		waits_until(waits, heartbeat_wake_ms(&session->heartbeat, session->client));
}
