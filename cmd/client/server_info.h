#ifndef CLIENT_SERVER_INFO_H
#define CLIENT_SERVER_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "client/identity.h"
#include "client/via.h"

#define SERVER_INFO_SINCE_SIZE 128

/* The server of a connection. Starts zeroed: one that knows the specification and nothing more. */
struct server_info {
	bool known; /* it says what it is */
	bool nonces;
	bool reply_to; /* is copied */
	bool via, hops; /* likewise */
	bool pages; /* a past is told in as many histories as it takes */
	bool past; /* every init is answered with a history, sooner or later */
	size_t max_message_bytes; /* 0: not said */
	int64_t history; /* messages that who joins is told at the most; 0: not said, or none */
	uint64_t instance; /* which process it is, that remembers nonces; 0: not said */
	char origin[VIA_NAME_SIZE]; /* the name of the channel in `via`; "": not said */
	char since[SERVER_INFO_SINCE_SIZE]; /* asks for what is said from now on; "": not said */
	char id[IDENTITY_NAME_SIZE]; /* that the server knows us by; "": not said */
};

/* Takes what is known from `server` of userData, a JSON object. Other shapes are not there. */
void server_info_read(struct server_info *server, struct chat_span object);

#endif
