/* The owner of a membership sends, pauses, closes and waits between its events. */
#include "client/membership_private.h"

#include "text/clock.h"

#define QUEUE_MAX_BYTES (1u << 20) /* of messages that the kernel has not taken */

bool
chat_membership_can_send(const struct membership *membership)
{
	return membership->state == MEMBERSHIP_JOINED &&
		chat_client_queued_bytes(membership->client) < QUEUE_MAX_BYTES;
}

/* An error is ignored here: chat_membership_next() finds it again and reports it. */
void
chat_membership_send(struct membership *membership, struct chat_span text)
{
	if (membership->client)
		chat_client_send(membership->client, text, NULL);
}

void
chat_membership_flush(struct membership *membership)
{
	if (membership->client)
		chat_client_flush(membership->client, NULL);
}

size_t
chat_membership_unsent_bytes(const struct membership *membership)
{
	return membership->client ? chat_client_unsent_bytes(membership->client) : 0;
}

void
chat_membership_close(struct membership *membership, int64_t limit_ms)
{
	int64_t limit_end_ms = chat_now_ms() + limit_ms;

	if (membership->state == MEMBERSHIP_CLOSING && limit_end_ms < membership->deadline_ms)
		membership->deadline_ms = limit_end_ms;
	if (membership->state == MEMBERSHIP_CLOSING || membership->state == MEMBERSHIP_ENDED)
		return;
	if (membership->state == MEMBERSHIP_JOINING || membership->state == MEMBERSHIP_JOINED)
		chat_client_close(membership->client);
	else
		chat_membership_disconnect(membership);
	membership->state = MEMBERSHIP_CLOSING;
	membership->rejoin_due = membership->catch_up.due = false;
	membership->deadline_ms = chat_now_ms() + (membership->client ? limit_ms : 0);
}

void
chat_membership_rejoin(struct membership *membership)
{
	membership->rejoin_due = true;
}

void
chat_membership_pause(struct membership *membership, bool paused)
{
	if (chat_membership_is_held(membership) && !paused && membership->deadline_ms != INT64_MAX)
		chat_membership_expect_history(membership);
	membership->paused = paused;
}

/* Adds the descriptors that are of use now: a broken connection is always ready. */
static void
await_client(const struct membership *membership, struct poll_set *waits)
{
	struct pollfd *fds = chat_poll_set_reserve(waits, CHAT_CLIENT_POLL_FDS);
	size_t count = chat_client_poll_fds(membership->client, fds, CHAT_CLIENT_POLL_FDS),
	       kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (chat_membership_is_held(membership))
			fds[i].events &= ~POLLIN;
		if (fds[i].events)
			fds[kept++] = fds[i];
	}
	waits->count += kept;
}

void
chat_membership_await(const struct membership *membership, struct poll_set *waits)
{
	if (membership->state == MEMBERSHIP_ENDED)
		return;
	if (membership->rejoin_due || membership->catch_up.due || membership->position.refused)
		chat_poll_set_until(waits, 0);
	if (membership->client)
		await_client(membership, waits);
	if (chat_membership_is_held(membership))
		return;
	chat_poll_set_until(waits, membership->deadline_ms);
	if (membership->client)
		chat_poll_set_until(waits, chat_client_wake_ms(membership->client));
	if (chat_membership_is_watched(membership))
		chat_poll_set_until(
			waits, chat_heartbeat_wake_ms(&membership->heartbeat, membership->client));
}
