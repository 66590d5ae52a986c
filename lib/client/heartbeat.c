/* Pings: a server that is silent may be there; one that does not answer a ping is gone. */
#include "client/heartbeat.h"

#include "text/clock.h"

void
chat_heartbeat_begin(struct heartbeat *heartbeat, int64_t dead_after_ms)
{
	*heartbeat = (struct heartbeat){.dead_after_ms = dead_after_ms};
}

int64_t
chat_heartbeat_wake_ms(const struct heartbeat *heartbeat, const struct chat_client *client)
{
	int64_t since_ms =
		heartbeat->pinged_ms ? heartbeat->pinged_ms : chat_client_last_received_ms(client);

	return since_ms + heartbeat->dead_after_ms / 2;
}

/* Returns the number of the ping. */
static uint32_t
ping(struct heartbeat *heartbeat, struct chat_client *client)
{
	uint32_t number = chat_client_ping(client);

	chat_client_flush(client, NULL); /* a ping that cannot be sent is not answered */
	if (!heartbeat->pinged_ms)
		heartbeat->pinged_ms = chat_now_ms();
	return number;
}

bool
chat_heartbeat_check(struct heartbeat *heartbeat, struct chat_client *client)
{
	if (chat_client_last_received_ms(client) >= heartbeat->pinged_ms)
		heartbeat->pinged_ms = 0;
	if (chat_now_ms() < chat_heartbeat_wake_ms(heartbeat, client))
		return true;
	if (heartbeat->pinged_ms)
		return false;
	ping(heartbeat, client);
	return true;
}

void
chat_heartbeat_ask(struct heartbeat *heartbeat, struct chat_client *client)
{
	heartbeat->asked = ping(heartbeat, client);
}

bool
chat_heartbeat_answered(const struct heartbeat *heartbeat, const struct chat_client *client)
{
	return heartbeat->asked && chat_client_has_pong(client, heartbeat->asked);
}
