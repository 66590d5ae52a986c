/*
 * A membership connects, and connects again after a loss: how often, how long, and after which
 * errors.
 */
#include "client/membership_private.h"

#include "text/clock.h"
#include "text/err.h"

#define SETTLED_MS 5000 /* a connection that was joined for this time is progress */

static void
use_url(struct membership *membership, size_t server)
{
	membership->url = &membership->urls->at[server].url;
	membership->url_text = membership->urls->at[server].text;
}

void
chat_membership_open(struct membership *membership, const struct login *login,
	const struct chat_url_list *urls, const struct membership_options *options)
{
	*membership = (struct membership){.login = login, .options = *options, .urls = urls};
	membership->identity = login->identity;
	chat_rotation_begin(&membership->retry.rotation, urls->count, options->first_server);
	use_url(membership, options->first_server);
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
	chat_buf_free(&membership->padded);
	chat_scan_free(membership->scan);
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

/* Returns true if an error of this code is about our options or files, whatever the server. */
static bool
is_about_us(enum chat_code code)
{
	return code == CHAT_USAGE || code == CHAT_CANNOT_OPEN;
}

/* Returns the earliest time of an attempt with the server that is next. */
static int64_t
next_not_before_ms(const struct membership *membership)
{
	const struct rotation *rotation = &membership->retry.rotation;

	return rotation->not_before_ms[rotation->at];
}

/* Returns true if --retry-for allows an attempt with the server that is next. */
static bool
has_time(const struct membership *membership, int64_t now_ms)
{
	const struct membership_options *options = &membership->options;

	if (options->retry_for_ms == 0 || (!membership->joined_before && !options->wait))
		return false;
	if (now_ms < next_not_before_ms(membership))
		now_ms = next_not_before_ms(membership);
	return options->retry_for_ms < 0 ||
		now_ms - membership->retry.since_ms < options->retry_for_ms;
}

/* Returns the bound of the pause between two attempts: a short --retry-for has short pauses. */
static int64_t
most_wait_ms(const struct membership_options *options)
{
	return options->retry_for_ms > 0 ? options->retry_for_ms / 10 + 1 : 0;
}

/* Returns the pause before the attempt of a new round, or with the same server. */
static int64_t
pause_ms(struct membership *membership, int64_t now_ms)
{
	int64_t wait_ms = chat_backoff_next_ms(
		&membership->retry.backoff, most_wait_ms(&membership->options));

	if (now_ms + wait_ms < next_not_before_ms(membership))
		wait_ms = next_not_before_ms(membership) - now_ms;
	return wait_ms;
}

/* Notes in the rotation how the server has failed. */
static void
note_failure(
	struct membership *membership, const struct chat_err *err, struct membership_event *event)
{
	bool passing = chat_membership_is_passing(err->code);

	event->refused = chat_rotation_fail(&membership->retry.rotation, !passing);
	if (!passing)
		return;
	membership->retry.passing = *err;
	membership->retry.passing_at = membership->retry.rotation.at;
}

/*
 * Chooses the server of the next attempt after a failure. Returns the pause before it in
 * milliseconds, or -1 if there is no other attempt. The first round is finished in any case, so
 * that a server of the list that works is found.
 */
static int64_t
choose_next(struct membership *membership, const struct chat_err *err, int64_t now_ms)
{
	struct rotation *rotation = &membership->retry.rotation;
	bool more = !membership->staying && chat_rotation_has_more(rotation, now_ms);
	bool first_round = !membership->joined_before && !membership->retry.went_round;

	if (is_about_us(err->code) || (!more && chat_rotation_all_refused(rotation)))
		return -1;
	if (!membership->staying)
		chat_rotation_move(rotation, now_ms);
	if (!(more && first_round) && !has_time(membership, now_ms))
		return -1;
	if (more)
		return 0;
	if (!membership->staying) {
		membership->retry.went_round = true;
		membership->retry.passing.code = CHAT_OK;
	}
	return pause_ms(membership, now_ms);
}

/*
 * Fills in the event of the end. A refusal of one server is not the reason if another attempt with
 * a server of the last round might have helped.
 */
static void
end(struct membership *membership, bool closed, struct membership_event *event)
{
	const struct chat_err *passing = &membership->retry.passing;

	membership->state = MEMBERSHIP_ENDED;
	membership->deadline_ms = INT64_MAX;
	event->what = closed ? MEMBERSHIP_CLOSED : MEMBERSHIP_END;
	if (closed || passing->code == CHAT_OK || is_about_us(event->err.code) ||
		chat_membership_is_passing(event->err.code))
		return;
	event->err = *passing;
	use_url(membership, membership->retry.passing_at);
}

void
chat_membership_lose(
	struct membership *membership, const struct chat_err *err, struct membership_event *event)
{
	struct rotation *rotation = &membership->retry.rotation;
	bool closing = membership->state == MEMBERSHIP_CLOSING;
	int64_t now_ms = chat_now_ms();

	if (membership->state == MEMBERSHIP_JOINED &&
		now_ms - membership->joined_ms >= SETTLED_MS) {
		chat_membership_progress(membership);
		chat_rotation_begin_round(rotation);
		membership->retry.passing.code = CHAT_OK;
	}
	chat_membership_disconnect(membership);
	membership->catch_up.due = false;
	event->err = *err;
	event->refused = false;
	if (membership->retry.since_ms == 0)
		membership->retry.since_ms = now_ms;
	if (!closing && !membership->staying)
		note_failure(membership, err, event);
	event->retry_ms = closing ? -1 : choose_next(membership, err, now_ms);
	membership->staying = false;
	if (event->retry_ms < 0) {
		end(membership, closing && err->code == CHAT_CONNECTION_CLOSED, event);
		return;
	}
	membership->state = MEMBERSHIP_WAITING;
	membership->deadline_ms = now_ms + event->retry_ms;
	event->what = MEMBERSHIP_LOST;
	event->next_url = membership->urls->at[rotation->at].text;
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

	use_url(membership, membership->retry.rotation.at);
	membership->client = chat_client_open(membership->url, &membership->login->client, &err);
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
