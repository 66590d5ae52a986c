#ifndef CLIENT_HEARTBEAT_H
#define CLIENT_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/client.h"

/*
 * Finds out if the server of a connection is still there. After half of dead_after_ms without a
 * byte it gets a ping; if no byte comes in the other half it is gone. The owner can also ask by a
 * ping whether the server has anything to send: a server answers in order, so everything that it
 * sent before the pong has been received. Other bytes do not answer that: they may be the beginning
 * of what was asked for.
 */
struct heartbeat {
	int64_t dead_after_ms;
	int64_t pinged_ms; /* when a ping was sent that has no answer; 0: none */
	uint32_t asked; /* the ping of chat_heartbeat_ask(); the owner sets it to 0 */
};

/* Begins for a new connection. */
void chat_heartbeat_begin(struct heartbeat *heartbeat, int64_t dead_after_ms);

/*
 * Sends a ping if one is due. Call it after all input has been received. Returns false if the
 * server is gone.
 */
bool chat_heartbeat_check(struct heartbeat *heartbeat, struct chat_client *client);

/* Returns when chat_heartbeat_check() must be called at the latest (chat_now_ms). */
int64_t chat_heartbeat_wake_ms(const struct heartbeat *heartbeat, const struct chat_client *client);

/* Asks by a ping; chat_heartbeat_answered() is true from its pong on. */
void chat_heartbeat_ask(struct heartbeat *heartbeat, struct chat_client *client);
bool chat_heartbeat_answered(const struct heartbeat *heartbeat, const struct chat_client *client);

#endif
