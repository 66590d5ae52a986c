/*
 * A membership connects, and connects again after a loss: how often, how long, and after which
 * errors.
 */
#include "client/membership_private.h"

#include "text/clock.h"
#include "text/err.h"

#define SETTLED_MS 5000 /* a connection that was joined for this time is progress */

void
chat_membership_open(struct membership *membership, const struct login *login,
	const struct chat_url *url, const struct membership_options *options)
{
	*membership = (struct membership){.login = login, .options = *options, .url = *url};
	membership->identity = login->identity;
	chat_url_format(url, membership->url_text, sizeof(membership->url_text));
	chat_position_begin(&membership->position, options->since);
	membership->state = MEMBERSHIP_WAITING;
}

void
chat_membership_disconnect(struct membership *membership)
{
	chat_client_free(membership->client);
	membership->client = NULL;
}

void
chat_membership_free(struct membership *membership)
{
	chat_membership_disconnect(membership);
	chat_position_free(&membership->position);
	chat_buf_free(&membership->compact);
}

void
chat_membership_progress(struct membership *membership)
{
	membership->retry.since_ms = 0;
	membership->retry.backoff = (struct backoff){0};
}

bool
chat_membership_is_passing(enum chat_code code)
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

/* Returns true if another attempt is made after a connection failed with this code. */
static bool
may_retry(const struct membership *membership, enum chat_code code, int64_t now_ms)
{
	const struct membership_options *options = &membership->options;

	if (!chat_membership_is_passing(code) || options->retry_for_ms == 0)
		return false;
	if (!membership->joined_before && !options->wait)
		return false;
	if (now_ms < membership->retry.not_before_ms)
		now_ms = membership->retry.not_before_ms;
	return options->retry_for_ms < 0 ||
		now_ms - membership->retry.since_ms < options->retry_for_ms;
}

/* Returns the bound of the pause between two attempts: a short --retry-for has short pauses. */
static int64_t
most_wait_ms(const struct membership_options *options)
{
	return options->retry_for_ms > 0 ? options->retry_for_ms / 10 + 1 : 0;
}

void
chat_membership_lose(
	struct membership *membership, const struct chat_err *err, struct membership_event *event)
{
	int64_t now_ms = chat_now_ms(), wait_ms;
	bool closing = membership->state == MEMBERSHIP_CLOSING;

	if (membership->state == MEMBERSHIP_JOINED && now_ms - membership->joined_ms >= SETTLED_MS)
		chat_membership_progress(membership);
	chat_membership_disconnect(membership);
	membership->catch_up.due = false;
	event->err = *err;
	if (membership->retry.since_ms == 0)
		membership->retry.since_ms = now_ms;
	if (closing || !may_retry(membership, err->code, now_ms)) {
		membership->state = MEMBERSHIP_ENDED;
		membership->deadline_ms = INT64_MAX;
		event->what = closing && err->code == CHAT_CONNECTION_CLOSED ? MEMBERSHIP_CLOSED
									     : MEMBERSHIP_END;
		return;
	}
	wait_ms = chat_backoff_next_ms(
		&membership->retry.backoff, most_wait_ms(&membership->options));
	if (now_ms + wait_ms < membership->retry.not_before_ms)
		wait_ms = membership->retry.not_before_ms - now_ms;
	membership->retry.not_before_ms = 0;
	membership->state = MEMBERSHIP_WAITING;
	membership->deadline_ms = now_ms + wait_ms;
	event->what = MEMBERSHIP_LOST;
	event->retry_ms = wait_ms;
}

void
chat_membership_fail(struct membership *membership, enum chat_code code, const char *text,
	struct membership_event *event)
{
	struct chat_err err;

	chat_fail(&err, code, "%s", text);
	chat_membership_lose(membership, &err, event);
}

void
chat_membership_connect(struct membership *membership, struct membership_event *event)
{
	struct chat_err err;

	membership->client = chat_client_open(&membership->url, &membership->login->client, &err);
	membership->state = MEMBERSHIP_CONNECTING;
	membership->deadline_ms = chat_now_ms() + membership->login->client.connect_timeout_ms;
	membership->server = (struct server_info){0};
	membership->last_code = CHAT_OK;
	membership->catch_up.done = false;
	membership->catch_up.due = false;
	membership->catch_up.paged = false;
	chat_heartbeat_begin(&membership->heartbeat, membership->login->dead_after_ms);
	if (membership->client)
		event->what = MEMBERSHIP_CONNECT;
	else
		chat_membership_lose(membership, &err, event);
}
