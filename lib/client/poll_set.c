/* The only place where the clients wait. */
#include "client/poll_set.h"

#include <stdlib.h>

#include "text/buf.h"
#include "text/clock.h"

#define POLL_MOST_MS 60000 /* of one poll(2) */

void
chat_poll_set_begin(struct poll_set *waits)
{
	waits->count = 0;
	waits->wake_ms = INT64_MAX;
}

void
chat_poll_set_free(struct poll_set *waits)
{
	free(waits->fds);
	*waits = (struct poll_set){0};
}

struct pollfd *
chat_poll_set_reserve(struct poll_set *waits, size_t count)
{
	if (waits->count + count > waits->cap) {
		waits->cap = (waits->count + count) * 2;
		waits->fds = chat_realloc(waits->fds, waits->cap * sizeof(*waits->fds));
	}
	return waits->fds + waits->count;
}

void
chat_poll_set_add(struct poll_set *waits, int fd, short events)
{
	*chat_poll_set_reserve(waits, 1) = (struct pollfd){.fd = fd, .events = events};
	waits->count++;
}

void
chat_poll_set_until(struct poll_set *waits, int64_t wake_ms)
{
	if (wake_ms < waits->wake_ms)
		waits->wake_ms = wake_ms;
}

int
chat_poll_set_poll(struct poll_set *waits, int most_ms)
{
	int64_t left_ms = waits->wake_ms == INT64_MAX ? -1 : waits->wake_ms - chat_now_ms();

	if (waits->wake_ms != INT64_MAX && left_ms < 0)
		left_ms = 0;
	if (left_ms > POLL_MOST_MS)
		left_ms = POLL_MOST_MS;
	if (most_ms >= 0 && (left_ms < 0 || left_ms > most_ms))
		left_ms = most_ms;
	return poll(waits->fds, waits->count, (int)left_ms);
}
