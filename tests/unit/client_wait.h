#ifndef UNIT_CLIENT_WAIT_H
#define UNIT_CLIENT_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "text/clock.h"
#include "wire/client.h"

/*
 * Polls once, as a caller of chat_client_receive() does, no longer than until deadline_ms
 * (chat_now_ms). Returns false if the deadline had passed before.
 */
static inline bool
client_wait(struct chat_client *client, int64_t deadline_ms)
{
	struct pollfd fds[CHAT_CLIENT_POLL_FDS];
	size_t count = chat_client_poll_fds(client, fds, CHAT_CLIENT_POLL_FDS);
	int64_t wake_ms = chat_client_wake_ms(client), now_ms = chat_now_ms();

	if (wake_ms > deadline_ms)
		wake_ms = deadline_ms;
	poll(fds, count, wake_ms > now_ms ? (int)(wake_ms - now_ms) : 0);
	return now_ms < deadline_ms;
}

#endif
