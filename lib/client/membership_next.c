/*
 * The next event of a membership: what came, what is due by time, what another file has left to
 * tell.
 */
#include "client/membership_private.h"

#include <string.h>

#include "chat/json.h"
#include "client/json_edit.h"
#include "message/scan.h"
#include "text/clock.h"
#include "text/err.h"

/* Returns true if a text is JSON by RFC 8259, which is more than the protocol allows. */
static bool
is_json(struct chat_span text, struct chat_err *err)
{
	struct chat_json_value value;
	struct chat_json json;

	chat_json_begin(&json, text);
	json.any_escape = true;
	return chat_json_read(&json, &value, err) == 0 && chat_json_end(&json, err) == 0;
}

/*
 * Reads a message, whose UTF-8 the framing has checked. Returns 0, with CHAT_TYPE_UNKNOWN if it is
 * JSON but no message of the protocol; or -1 if it is no JSON.
 */
static int
read_message(struct membership *membership, struct chat_span text, struct chat_err *err)
{
	if (chat_msg_read_utf8(&membership->msg, text, CHAT_FROM_SERVER, err) == 0)
		return 0;
	membership->msg.type = CHAT_TYPE_UNKNOWN;
	membership->msg.has = 0;
	if (is_json(text, err))
		return 0;
	return chat_fail(err, CHAT_PROTOCOL_ERROR, "the server sent no message: %s", err->text);
}

#define SCAN_AFTER 32 /* messages; for fewer it does not pay to make a scanner */
#define SCAN_MAX_BYTES 65536

/*
 * Tries the scanner, which reads most messages in a quarter of the time. Returns true if it has
 * read the message, and sets *text to a copy, to which the values of the message point.
 */
static bool
scan_message(struct membership *membership, struct chat_span *text)
{
	struct chat_buf *padded = &membership->padded;

	if (text->len > SCAN_MAX_BYTES)
		return false;
	if (!membership->scan && ++membership->unscanned > SCAN_AFTER)
		membership->scan = chat_scan_new(CHAT_FROM_SERVER, chat_scan_best());
	if (!membership->scan)
		return false;
	padded->len = 0;
	chat_buf_reserve(padded, text->len + CHAT_SCAN_PADDING);
	memcpy(padded->at, text->at, text->len);
	padded->at[text->len] = '\n';
	if (!chat_scan_read(
		    membership->scan, (struct chat_span){padded->at, text->len}, &membership->msg))
		return false;
	text->at = padded->at;
	return true;
}

/* Takes a text that came, as an event. */
static void
receive(struct membership *membership, struct chat_span text, struct membership_event *event)
{
	struct chat_err err;

	if (!scan_message(membership, &text)) {
		if (memchr(text.at, '\n', text.len))
			text = chat_json_edit_compact(&membership->compact, text);
		if (read_message(membership, text, &err) < 0) {
			chat_membership_lose(membership, &err, event);
			return;
		}
	}
	if (membership->state == MEMBERSHIP_JOINING) {
		chat_membership_receive_first(membership, text, event);
		return;
	}
	if (membership->msg.type == CHAT_TYPE_ERROR)
		chat_membership_receive_error(membership);
	else if (membership->msg.type == CHAT_TYPE_HISTORY)
		chat_membership_receive_history(membership);
	event->what = MEMBERSHIP_MESSAGE;
	event->text = text;
	event->msg = &membership->msg;
}

/* Close 1008 (policy): the error message before it says whether another attempt may help. */
static void
explain_close(const struct membership *membership, struct chat_err *err)
{
	if (err->code == CHAT_REFUSED && membership->state != MEMBERSHIP_CONNECTING &&
		chat_membership_is_passing(membership->last_code))
		err->code = CHAT_CONNECTION_LOST;
}

/* The deadline of the state has passed: the server gets a ping, or the connection is given up. */
static void
deadline_passed(struct membership *membership, struct membership_event *event)
{
	switch (membership->state) {
	case MEMBERSHIP_CONNECTING:
		chat_membership_fail(
			membership, CHAT_CANNOT_CONNECT, "connecting takes too long", event);
		break;
	case MEMBERSHIP_JOINING:
	case MEMBERSHIP_JOINED:
		membership->deadline_ms = INT64_MAX;
		chat_heartbeat_ask(&membership->heartbeat, membership->client);
		break;
	default:
		chat_membership_fail(membership, CHAT_CONNECTION_LOST,
			"the server does not answer Close", event);
		break;
	}
}

bool
chat_membership_is_held(const struct membership *membership)
{
	return membership->paused && membership->state == MEMBERSHIP_JOINED;
}

bool
chat_membership_is_watched(const struct membership *membership)
{
	return membership->state == MEMBERSHIP_JOINING ||
		(membership->state == MEMBERSHIP_JOINED && !chat_membership_is_held(membership));
}

/*
 * Looks after the server by pings. A server that answers a ping and has not answered init, or sent
 * a history, before is one that does not send these.
 */
static void
watch(struct membership *membership, struct membership_event *event)
{
	if (!chat_heartbeat_check(&membership->heartbeat, membership->client)) {
		chat_membership_fail(
			membership, CHAT_CONNECTION_LOST, "the server answers no ping", event);
		return;
	}
	if (!chat_heartbeat_answered(&membership->heartbeat, membership->client))
		return;
	membership->heartbeat.asked = 0;
	if (membership->state == MEMBERSHIP_JOINING) {
		chat_membership_join_unanswered(membership, event);
		return;
	}
	membership->catch_up.due = true;
	membership->catch_up.complete = false;
}

/* Takes the next event from the connection: a message, its end, or nothing. */
static void
drive(struct membership *membership, struct membership_event *event)
{
	struct chat_span text;
	struct chat_err err;
	int got = 0;

	if (membership->state == MEMBERSHIP_CONNECTING && chat_client_is_open(membership->client))
		chat_membership_opened(membership, event);
	while (event->what == MEMBERSHIP_NOTHING && !chat_membership_is_held(membership) &&
		(got = chat_client_receive(membership->client, &text, &err)) > 0)
		receive(membership, text, event);
	if (event->what != MEMBERSHIP_NOTHING)
		return;
	if (got < 0) {
		explain_close(membership, &err);
		chat_membership_lose(membership, &err, event);
		return;
	}
	if (membership->state == MEMBERSHIP_CONNECTING && chat_client_is_open(membership->client))
		chat_membership_opened(membership, event);
	chat_membership_flush(membership);
	if (chat_membership_is_watched(membership))
		watch(membership, event);
}

void
chat_membership_next(struct membership *membership, struct membership_event *event)
{
	event->what = MEMBERSHIP_NOTHING;
	if (membership->state == MEMBERSHIP_ENDED)
		return;
	if (membership->position.refused) {
		membership->position.refused = false;
		chat_membership_fail(membership, CHAT_PROTOCOL_ERROR,
			"the server sent an id of more than 64 KiB", event);
		return;
	}
	if (membership->rejoin_due) {
		membership->rejoin_due = false;
		membership->staying = true;
		chat_membership_fail(membership, CHAT_CONNECTION_LOST, "joining again", event);
		return;
	}
	/* Checked before reading: a server that keeps sending must not delay the end. */
	if (membership->state == MEMBERSHIP_CLOSING && chat_now_ms() >= membership->deadline_ms) {
		deadline_passed(membership, event);
		return;
	}
	if (membership->catch_up.due)
		chat_membership_catch_up(membership, event);
	if (membership->state == MEMBERSHIP_WAITING && chat_now_ms() >= membership->deadline_ms)
		chat_membership_connect(membership, event);
	if (event->what == MEMBERSHIP_NOTHING && membership->client)
		drive(membership, event);
	if (event->what == MEMBERSHIP_NOTHING && membership->catch_up.due)
		chat_membership_catch_up(membership, event);
	if (event->what == MEMBERSHIP_NOTHING && !chat_membership_is_held(membership) &&
		chat_now_ms() >= membership->deadline_ms && membership->state != MEMBERSHIP_WAITING)
		deadline_passed(membership, event);
}
