#ifndef CLIENT_HEARTBEAT_H
#define CLIENT_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/client.h"

/*
 * Whether the server of a connection is still there: after half of a time of silence it is asked by
 * a ping, and without an answer in the other half it is gone. Who wonders whether it has anything
 * to say asks too: a server answers in order, so what was to come before has not come.
 */
struct heartbeat {
	int64_t dead_after_ms;
	int64_t pinged_ms; /* when a ping was sent that has no answer; 0: none */
	bool asked;
};

/* For a new connection. */
void heartbeat_begin(struct heartbeat *heartbeat, int64_t dead_after_ms);

/* Looks after it, when all that came was received. False: the server is gone. */
bool heartbeat_check(struct heartbeat *heartbeat, struct chat_client *client);

/* When heartbeat_check is to be called at the latest. */
int64_t heartbeat_wake_ms(const struct heartbeat *heartbeat, const struct chat_client *client);

/* Asks; from the check after the answer on heartbeat_answered is true. */
void heartbeat_ask(struct heartbeat *heartbeat, struct chat_client *client);
bool heartbeat_answered(const struct heartbeat *heartbeat);

#endif
