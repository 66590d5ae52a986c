/* A connection that comes back, joins again, and goes on where it was. */
#include "client/membership.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/clock.h"
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
membership_open(struct membership *membership, const struct settings *settings,
	const struct chat_url *url, const struct membership_options *options)
{
	*membership = (struct membership){.settings = settings, .options = *options, .url = *url};
	membership->identity = settings->identity;
	chat_url_format(url, membership->url_text, sizeof(membership->url_text));
	position_begin(&membership->position, options->since);
	membership->state = MEMBERSHIP_WAITING;
}

static void
disconnect(struct membership *membership)
{
	chat_client_free(membership->client);
	membership->client = NULL;
}

void
membership_free(struct membership *membership)
{
	disconnect(membership);
	position_free(&membership->position);
	chat_buf_free(&membership->compact);
}

void
membership_progress(struct membership *membership)
{
	membership->lost_ms = 0;
	membership->backoff = (struct backoff){0};
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
may_retry(const struct membership *membership, enum chat_code code, int64_t now_ms)
{
	const struct membership_options *options = &membership->options;

	if (!is_passing(code) || options->retry_for_ms == 0)
		return false;
	if (!membership->joined_before && !options->wait)
		return false;
	if (now_ms < membership->retry_at_ms)
		now_ms = membership->retry_at_ms;
	return options->retry_for_ms < 0 || now_ms - membership->lost_ms < options->retry_for_ms;
}

/* Who has little time tries more often. */
static int64_t
most_wait_ms(const struct membership_options *options)
{
	return options->retry_for_ms > 0 ? options->retry_for_ms / 10 + 1 : 0;
}

/* The connection is gone: another attempt later, or the end. */
static void
lose(struct membership *membership, const struct chat_err *err, struct membership_event *event)
{
	int64_t now_ms = chat_now_ms(), wait_ms;
	bool closing = membership->state == MEMBERSHIP_CLOSING;

	if (membership->state == MEMBERSHIP_JOINED && now_ms - membership->joined_ms >= SETTLED_MS)
		membership_progress(membership);
	disconnect(membership);
	membership->catch_up_due = false;
	event->err = *err;
	if (membership->lost_ms == 0)
		membership->lost_ms = now_ms;
	if (closing || !may_retry(membership, err->code, now_ms)) {
		membership->state = MEMBERSHIP_ENDED;
		membership->deadline_ms = INT64_MAX;
		event->what = closing && err->code == CHAT_CONNECTION_CLOSED ? MEMBERSHIP_CLOSED
									     : MEMBERSHIP_END;
		return;
	}
	wait_ms = backoff_next_ms(&membership->backoff, most_wait_ms(&membership->options));
	if (now_ms + wait_ms < membership->retry_at_ms)
		wait_ms = membership->retry_at_ms - now_ms;
	membership->retry_at_ms = 0;
	membership->state = MEMBERSHIP_WAITING;
	membership->deadline_ms = now_ms + wait_ms;
	event->what = MEMBERSHIP_LOST;
	event->retry_ms = wait_ms;
}

static void
lose_with(struct membership *membership, enum chat_code code, const char *text,
	struct membership_event *event)
{
	struct chat_err err;

	chat_fail(&err, code, "%s", text);
	lose(membership, &err, event);
}

static void
membership_connect(struct membership *membership, struct membership_event *event)
{
	struct chat_err err;

	if (membership->settings->verbose)
		chat_warn("%s: connecting", membership->url_text);
	membership->client =
		chat_client_open(&membership->url, &membership->settings->client, &err);
	membership->state = MEMBERSHIP_CONNECTING;
	membership->deadline_ms = chat_now_ms() + membership->settings->client.connect_timeout_ms;
	membership->peer = (struct peer){0};
	membership->last_code = CHAT_OK;
	membership->caught_up = false;
	membership->catch_up_due = false;
	membership->paged = false;
	heartbeat_begin(&membership->heartbeat, membership->settings->dead_after_ms);
	if (!membership->client)
		lose(membership, &err, event);
}

static void
say_init(struct membership *membership)
{
	const struct settings *settings = membership->settings;
	const char *since = position_id(&membership->position);
	char *init = chat_encode_init(&(struct chat_encode_init){
		.username = settings->identity.username,
		.id = settings->identity.id,
		.token = settings->token,
		.since = membership->options.resumes && *since ? since : NULL,
		.since_ms =
			strcmp(since, POSITION_BEGINNING) == 0 ? membership->options.since_ms : 0,
		.hidden = membership->options.hidden,
	});

	membership_send(membership, chat_span_of(init));
	free(init);
}

static void
set_catch_up_deadline(struct membership *membership)
{
	int64_t patience_ms = membership->peer.past ? HISTORY_MS : CATCH_UP_MS;

	membership->deadline_ms = chat_now_ms() + (membership->paged ? PAGE_MS : patience_ms);
}

static void
membership_joined(
	struct membership *membership, struct chat_span text, struct membership_event *event)
{
	event->what = MEMBERSHIP_JOIN;
	event->text = text;
	event->msg = &membership->msg;
	event->again = membership->rejoined = membership->joined_before;
	membership->state = MEMBERSHIP_JOINED;
	membership->joined_before = true;
	membership->joined_ms = chat_now_ms();
	membership->heartbeat.asked = false;
	set_catch_up_deadline(membership);
	membership->complete = false;
}

/* Without an answer: the specification does not ask for one. */
static void
join_unheard(struct membership *membership, struct membership_event *event)
{
	membership->msg.type = CHAT_TYPE_UNKNOWN;
	membership->msg.has = 0;
	membership_joined(membership, (struct chat_span){0}, event);
}

static void
membership_opened(struct membership *membership, struct membership_event *event)
{
	membership->state = MEMBERSHIP_JOINING;
	membership->deadline_ms = chat_now_ms() + SILENCE_MS;
	say_init(membership);
	if (membership->options.deaf)
		join_unheard(membership, event);
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
note_retry_after(struct membership *membership, const struct chat_msg *msg)
{
	int64_t after_ms;

	if (!chat_msg_has(msg, CHAT_SLOT_RETRY_AFTER) ||
		!chat_json_int64(msg->value[CHAT_SLOT_RETRY_AFTER].raw, &after_ms) || after_ms < 0)
		return;
	membership->retry_at_ms =
		chat_now_ms() + (after_ms < RETRY_MOST_MS ? after_ms : RETRY_MOST_MS);
}

/* The server will not have us, for now or at all. */
static void
join_refused(struct membership *membership, struct membership_event *event)
{
	struct chat_err err;

	err_of_message(&err, &membership->msg);
	note_retry_after(membership, &membership->msg);
	if (err.code == CHAT_NOT_INITIALIZED)
		err.code = CHAT_TRY_LATER; /* our init came too late */
	if (chat_exit_status(err.code) != CHAT_EXIT_REFUSED && !is_passing(err.code))
		err.code = CHAT_PROTOCOL_ERROR; /* our init is right */
	lose(membership, &err, event);
}

/* A server that proves names gives each its id, whatever init says. */
static void
take_identity(struct membership *membership)
{
	const struct identity *said = &membership->settings->identity;
	const char *id = *membership->peer.id ? membership->peer.id : said->id;

	snprintf(membership->identity.id, sizeof(membership->identity.id), "%s", id);
}

/*
 * A connection that is lost between its userData and its history leaves no position. What was said
 * since then may be more than the history of the next one holds: it is asked for by another.
 */
static void
go_back(struct membership *membership)
{
	const char *since = membership->peer.since, *first = membership->first_since;

	if (!membership->options.resumes || *position_id(&membership->position))
		return;
	if (!*first) {
		snprintf(membership->first_since, sizeof(membership->first_since), "%s", since);
		return;
	}
	if (strcmp(first, since) == 0)
		return;
	position_set(&membership->position, first);
	membership->rejoin_due = true;
}

/* The first answer to init. */
static void
receive_first(struct membership *membership, struct chat_span text, struct membership_event *event)
{
	const struct chat_msg *msg = &membership->msg;

	if (msg->type == CHAT_TYPE_ERROR) {
		join_refused(membership, event);
		return;
	}
	if (msg->type == CHAT_TYPE_USER_DATA && chat_msg_has(msg, CHAT_SLOT_SERVER))
		peer_read(&membership->peer, msg->value[CHAT_SLOT_SERVER].raw);
	take_identity(membership);
	via_here_note(&membership->here, membership->peer.origin);
	if (membership->settings->verbose)
		chat_warn("%s: joined as %s", membership->url_text,
			membership->settings->identity.username);
	membership_joined(membership, text, event);
	go_back(membership);
}

static void
receive_error(struct membership *membership)
{
	struct chat_err err;

	err_of_message(&err, &membership->msg);
	membership->last_code = err.code;
	note_retry_after(membership, &membership->msg);
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
receive_history(struct membership *membership)
{
	const struct chat_msg *msg = &membership->msg;

	if (membership->caught_up)
		return;
	membership->complete =
		is_true(msg, CHAT_SLOT_COMPLETE) && (!membership->paged || membership->complete);
	membership->paged = is_true(msg, CHAT_SLOT_MORE);
	membership->catch_up_due = !membership->paged;
	set_catch_up_deadline(membership);
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
read_message(struct membership *membership, struct chat_span text, struct chat_err *err)
{
	if (chat_msg_read(&membership->msg, text, CHAT_FROM_SERVER, err) == 0)
		return 0;
	membership->msg.type = CHAT_TYPE_UNKNOWN;
	membership->msg.has = 0;
	if (is_json(text, err))
		return 0;
	return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server sent no message: %s", err->text);
}

static void
receive(struct membership *membership, struct chat_span text, struct membership_event *event)
{
	struct chat_err err;

	if (memchr(text.at, '\n', text.len))
		text = compact_line(&membership->compact, text);
	if (read_message(membership, text, &err) < 0) {
		lose(membership, &err, event);
		return;
	}
	if (membership->state == MEMBERSHIP_JOINING) {
		receive_first(membership, text, event);
		return;
	}
	if (membership->msg.type == CHAT_TYPE_ERROR)
		receive_error(membership);
	else if (membership->msg.type == CHAT_TYPE_HISTORY)
		receive_history(membership);
	event->what = MEMBERSHIP_MESSAGE;
	event->text = text;
	event->msg = &membership->msg;
}

/* A policy close says by the error before it whether coming back helps. */
static void
explain_close(const struct membership *membership, struct chat_err *err)
{
	if (err->code == CHAT_REFUSED && membership->state != MEMBERSHIP_CONNECTING &&
		is_passing(membership->last_code))
		err->code = CHAT_CONNECTION_LOST;
}

static void
deadline_passed(struct membership *membership, struct membership_event *event)
{
	switch (membership->state) {
	case MEMBERSHIP_CONNECTING:
		lose_with(membership, CHAT_CANNOT_CONNECT, "connecting takes too long", event);
		break;
	case MEMBERSHIP_JOINING:
	case MEMBERSHIP_JOINED:
		membership->deadline_ms = INT64_MAX;
		heartbeat_ask(&membership->heartbeat, membership->client);
		break;
	default:
		lose_with(membership, CHAT_CONNECTION_LOST, "the server does not answer Close",
			event);
		break;
	}
}

/* Not in this channel's past either: what will be said is not to be missed. */
static bool
heard_nothing(const struct membership *membership)
{
	const char *id = position_id(&membership->position);

	return *id == '\0' || strcmp(id, POSITION_BEGINNING) == 0;
}

static void
catch_up(struct membership *membership, struct membership_event *event)
{
	membership->catch_up_due = membership->heartbeat.asked = false;
	membership->deadline_ms = INT64_MAX;
	if (membership->caught_up)
		return;
	membership->caught_up = true;
	if (membership->options.resumes && *membership->peer.since && heard_nothing(membership))
		position_set(&membership->position, membership->peer.since);
	event->what = MEMBERSHIP_CATCH_UP;
	event->again = membership->rejoined;
	event->complete = membership->complete;
}

/* Nobody reads what is said in the channel: the server is not read either. */
static bool
is_held(const struct membership *membership)
{
	return membership->paused && membership->state == MEMBERSHIP_JOINED;
}

/* It owes us words. */
static bool
is_watched(const struct membership *membership)
{
	return membership->state == MEMBERSHIP_JOINING ||
		(membership->state == MEMBERSHIP_JOINED && !is_held(membership));
}

/* A server that is there and has said nothing until now: that is its answer. */
static void
watch(struct membership *membership, struct membership_event *event)
{
	if (!heartbeat_check(&membership->heartbeat, membership->client)) {
		lose_with(membership, CHAT_CONNECTION_LOST, "the server answers no ping", event);
		return;
	}
	if (!heartbeat_answered(&membership->heartbeat))
		return;
	membership->heartbeat.asked = false;
	if (membership->state == MEMBERSHIP_JOINING) {
		join_unheard(membership, event);
		return;
	}
	membership->catch_up_due = true;
	membership->complete = false;
}

/* What the connection has: a message, the end of it, nothing. */
static void
drive(struct membership *membership, struct membership_event *event)
{
	struct chat_span text;
	struct chat_err err;
	int got = 0;

	if (membership->state == MEMBERSHIP_CONNECTING && chat_client_is_open(membership->client))
		membership_opened(membership, event);
	while (event->what == MEMBERSHIP_NOTHING && !is_held(membership) &&
		(got = chat_client_receive(membership->client, &text, &err)) > 0)
		receive(membership, text, event);
	if (event->what != MEMBERSHIP_NOTHING)
		return;
	if (got < 0) {
		explain_close(membership, &err);
		lose(membership, &err, event);
		return;
	}
	if (membership->state == MEMBERSHIP_CONNECTING && chat_client_is_open(membership->client))
		membership_opened(membership, event);
	membership_flush(membership);
	if (is_watched(membership))
		watch(membership, event);
}

void
membership_next(struct membership *membership, struct membership_event *event)
{
	event->what = MEMBERSHIP_NOTHING;
	if (membership->state == MEMBERSHIP_ENDED)
		return;
	if (membership->position.refused) {
		membership->position.refused = false;
		lose_with(membership, CHAT_PROTOCOL_ERROR,
			"the server sent an id of more than 64 KiB", event);
		return;
	}
	if (membership->rejoin_due) {
		membership->rejoin_due = false;
		lose_with(membership, CHAT_CONNECTION_LOST, "joining again", event);
		return;
	}
	/* A server that goes on talking does not keep us. */
	if (membership->state == MEMBERSHIP_CLOSING && chat_now_ms() >= membership->deadline_ms) {
		deadline_passed(membership, event);
		return;
	}
	if (membership->catch_up_due)
		catch_up(membership, event);
	if (membership->state == MEMBERSHIP_WAITING && chat_now_ms() >= membership->deadline_ms)
		membership_connect(membership, event);
	if (event->what == MEMBERSHIP_NOTHING && membership->client)
		drive(membership, event);
	if (event->what == MEMBERSHIP_NOTHING && membership->catch_up_due)
		catch_up(membership, event);
	if (event->what == MEMBERSHIP_NOTHING && !is_held(membership) &&
		chat_now_ms() >= membership->deadline_ms && membership->state != MEMBERSHIP_WAITING)
		deadline_passed(membership, event);
}

bool
membership_can_send(const struct membership *membership)
{
	return membership->state == MEMBERSHIP_JOINED &&
		chat_client_queued_bytes(membership->client) < QUEUE_MAX_BYTES;
}

/* A connection that fails here fails again in membership_next, which tells. */
void
membership_send(struct membership *membership, struct chat_span text)
{
	if (membership->client)
		chat_client_send(membership->client, text, NULL);
}

void
membership_flush(struct membership *membership)
{
	if (membership->client)
		chat_client_flush(membership->client, NULL);
}

size_t
membership_unsent_bytes(const struct membership *membership)
{
	return membership->client ? chat_client_unsent_bytes(membership->client) : 0;
}

void
membership_close(struct membership *membership, int64_t limit_ms)
{
	int64_t limit_end_ms = chat_now_ms() + limit_ms;

	if (membership->state == MEMBERSHIP_CLOSING && limit_end_ms < membership->deadline_ms)
		membership->deadline_ms = limit_end_ms;
	if (membership->state == MEMBERSHIP_CLOSING || membership->state == MEMBERSHIP_ENDED)
		return;
	if (membership->state == MEMBERSHIP_JOINING || membership->state == MEMBERSHIP_JOINED)
		chat_client_close(membership->client);
	else
		disconnect(membership);
	membership->state = MEMBERSHIP_CLOSING;
	membership->rejoin_due = membership->catch_up_due = false;
	membership->deadline_ms = chat_now_ms() + (membership->client ? limit_ms : 0);
}

void
membership_rejoin(struct membership *membership)
{
	membership->rejoin_due = true;
}

void
membership_pause(struct membership *membership, bool paused)
{
	if (is_held(membership) && !paused && membership->deadline_ms != INT64_MAX)
		set_catch_up_deadline(membership);
	membership->paused = paused;
}

/* Of the descriptors those that may be dealt with: a broken connection is always ready. */
static void
await_client(const struct membership *membership, struct waits *waits)
{
	struct pollfd *fds = waits_reserve(waits, CHAT_CLIENT_POLL_FDS);
	size_t count = chat_client_poll_fds(membership->client, fds, CHAT_CLIENT_POLL_FDS),
	       kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (is_held(membership))
			fds[i].events &= ~POLLIN;
		if (fds[i].events)
			fds[kept++] = fds[i];
	}
	waits->count += kept;
}

void
membership_await(const struct membership *membership, struct waits *waits)
{
	if (membership->state == MEMBERSHIP_ENDED)
		return;
	if (membership->rejoin_due || membership->catch_up_due || membership->position.refused)
		waits_until(waits, 0);
	if (membership->client)
		await_client(membership, waits);
	if (is_held(membership))
		return;
	waits_until(waits, membership->deadline_ms);
	if (membership->client)
		waits_until(waits, chat_client_wake_ms(membership->client));
	if (is_watched(membership))
		waits_until(waits, heartbeat_wake_ms(&membership->heartbeat, membership->client));
}
