/*
 * Joins the channel on a new connection: sends init, takes the answer, and waits for the past. A
 * plain server may send no history after the answer; then a ping shows that none will come.
 */
#include "client/membership_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/json.h"
#include "message/encode.h"
#include "text/clock.h"
#include "text/err.h"
#include "text/json_strdup.h"

/* After this time of waiting the server gets a ping: */
#define SILENCE_MS 3000 /* for the answer to init */
#define CATCH_UP_MS 2000 /* for the history of a plain server, which may send none */
#define HISTORY_MS 60000 /* for that of a server that always sends one: it may have to search */
#define PAGE_MS 600000 /* for the next page of a history: the server may have many readers */

#define RETRY_MOST_MS 600000 /* the longest retryAfter that is obeyed */

/* Fills err from an error message of the server: its code, and as much of its text as fits. */
static void
err_of_message(struct chat_err *err, const struct chat_msg *msg)
{
	char *code = chat_json_strdup(&msg->value[CHAT_SLOT_CODE]);
	char *text = chat_json_strdup(&msg->value[CHAT_SLOT_MESSAGE]);

	chat_fail(err, chat_code_find(chat_span_of(code)), "%s: %s", code, text);
	free(code);
	free(text);
}

/* Notes the retryAfter of an error message. */
static void
note_retry_after(struct membership *membership, const struct chat_msg *msg)
{
	int64_t after_ms;

	if (!chat_msg_has(msg, CHAT_SLOT_RETRY_AFTER) ||
		!chat_json_int64(msg->value[CHAT_SLOT_RETRY_AFTER].raw, &after_ms) || after_ms < 0)
		return;
	membership->retry.rotation.not_before_ms[membership->retry.rotation.at] =
		chat_now_ms() + (after_ms < RETRY_MOST_MS ? after_ms : RETRY_MOST_MS);
}

static void
send_init(struct membership *membership)
{
	const struct login *login = membership->login;
	const char *since = chat_position_id(&membership->position);
	char *init = chat_encode_init(&(struct chat_encode_init){
		.username = login->identity.username,
		.id = login->identity.id,
		.token = login->token,
		.since = membership->options.resumes && *since ? since : NULL,
		.since_ms =
			strcmp(since, POSITION_BEGINNING) == 0 ? membership->options.since_ms : 0,
		.hidden = membership->options.hidden,
	});

	chat_membership_send(membership, chat_span_of(init));
	free(init);
}

void
chat_membership_expect_history(struct membership *membership)
{
	int64_t patience_ms = membership->server.past ? HISTORY_MS : CATCH_UP_MS;

	membership->deadline_ms =
		chat_now_ms() + (membership->catch_up.paged ? PAGE_MS : patience_ms);
}

static void
joined(struct membership *membership, struct chat_span text, struct membership_event *event)
{
	event->what = MEMBERSHIP_JOIN;
	event->text = text;
	event->msg = &membership->msg;
	event->again = membership->rejoined = membership->joined_before;
	membership->state = MEMBERSHIP_JOINED;
	membership->joined_before = true;
	chat_rotation_joined(&membership->retry.rotation);
	membership->retry.passing.code = CHAT_OK;
	membership->joined_ms = chat_now_ms();
	membership->heartbeat.asked = 0;
	chat_membership_expect_history(membership);
	membership->catch_up.complete = membership->catch_up.gap = false;
}

void
chat_membership_join_unanswered(struct membership *membership, struct membership_event *event)
{
	membership->msg.type = CHAT_TYPE_UNKNOWN;
	membership->msg.has = 0;
	joined(membership, (struct chat_span){0}, event);
}

void
chat_membership_opened(struct membership *membership, struct membership_event *event)
{
	membership->state = MEMBERSHIP_JOINING;
	membership->deadline_ms = chat_now_ms() + SILENCE_MS;
	send_init(membership);
	if (membership->options.deaf)
		chat_membership_join_unanswered(membership, event);
}

/* Returns true if an error of this code is about the name, the id or the token of our init. */
static bool
is_about_login(enum chat_code code)
{
	switch (code) {
	case CHAT_BAD_USERNAME:
	case CHAT_USERNAME_TAKEN:
	case CHAT_ID_TAKEN:
	case CHAT_UNAUTHORIZED:
	case CHAT_REFUSED:
		return true;
	default:
		return false;
	}
}

/* Called when the server has refused init. The code decides whether it is tried again. */
static void
join_refused(struct membership *membership, struct membership_event *event)
{
	struct chat_err err;

	err_of_message(&err, &membership->msg);
	note_retry_after(membership, &membership->msg);
	if (err.code == CHAT_NOT_INITIALIZED)
		err.code = CHAT_TRY_LATER; /* our init came too late for the server */
	if (!is_about_login(err.code) && !chat_membership_is_passing(err.code))
		err.code = CHAT_PROTOCOL_ERROR; /* there is nothing wrong with our init */
	chat_membership_lose(membership, &err, event);
}

/* Takes the id that the server gave us, if it did: a server with tokens does. */
static void
take_identity(struct membership *membership)
{
	const struct identity *said = &membership->login->identity;
	const char *id = *membership->server.id ? membership->server.id : said->id;

	snprintf(membership->identity.id, sizeof(membership->identity.id), "%s", id);
}

/*
 * Joins again if an earlier connection was lost between its userData and its history. Then no
 * position was noted, and the history of this connection may begin after messages that were missed.
 * The next connection asks for the messages after the `since` of the first userData.
 */
static void
go_back(struct membership *membership)
{
	const char *since = membership->server.since, *first = membership->first_since;

	if (!membership->options.resumes || *chat_position_id(&membership->position))
		return;
	if (!*first) {
		snprintf(membership->first_since, sizeof(membership->first_since), "%s", since);
		return;
	}
	if (strcmp(first, since) == 0)
		return;
	chat_position_set(&membership->position, first);
	membership->rejoin_due = true;
}

void
chat_membership_receive_first(
	struct membership *membership, struct chat_span text, struct membership_event *event)
{
	const struct chat_msg *msg = &membership->msg;
	uint64_t instance = membership->server.instance;

	if (msg->type == CHAT_TYPE_ERROR) {
		join_refused(membership, event);
		return;
	}
	if (msg->type == CHAT_TYPE_USER_DATA && chat_msg_has(msg, CHAT_SLOT_SERVER))
		chat_server_info_read(&membership->server, msg->value[CHAT_SLOT_SERVER].raw);
	if (membership->server.instance != instance)
		chat_position_change_server(&membership->position);
	take_identity(membership);
	chat_via_here_note(&membership->here, membership->server.origin);
	joined(membership, text, event);
	go_back(membership);
}

void
chat_membership_receive_error(struct membership *membership)
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
 * Notes a history, or a page of one, that answers init. Without `complete` in it, messages may be
 * missing.
 */
void
chat_membership_receive_history(struct membership *membership)
{
	const struct chat_msg *msg = &membership->msg;

	if (membership->catch_up.done)
		return;
	membership->catch_up.complete = is_true(msg, CHAT_SLOT_COMPLETE) &&
		(!membership->catch_up.paged || membership->catch_up.complete);
	membership->catch_up.gap |=
		chat_msg_has(msg, CHAT_SLOT_COMPLETE) && !is_true(msg, CHAT_SLOT_COMPLETE);
	membership->catch_up.paged = is_true(msg, CHAT_SLOT_MORE);
	membership->catch_up.due = !membership->catch_up.paged;
	chat_membership_expect_history(membership);
}

/* Returns true if no message of the channel has come yet. */
static bool
has_no_message(const struct membership *membership)
{
	const char *id = chat_position_id(&membership->position);

	return *id == '\0' || strcmp(id, POSITION_BEGINNING) == 0;
}

void
chat_membership_catch_up(struct membership *membership, struct membership_event *event)
{
	membership->catch_up.due = false;
	membership->heartbeat.asked = 0;
	membership->deadline_ms = INT64_MAX;
	if (membership->catch_up.done)
		return;
	membership->catch_up.done = true;
	if (membership->options.resumes && *membership->server.since && has_no_message(membership))
		chat_position_set(&membership->position, membership->server.since);
	event->what = MEMBERSHIP_CATCH_UP;
	event->again = membership->rejoined;
	event->complete = membership->catch_up.complete;
	event->gap = membership->catch_up.gap;
}
