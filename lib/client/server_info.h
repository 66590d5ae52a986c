#ifndef CLIENT_SERVER_INFO_H
#define CLIENT_SERVER_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "client/identity.h"
#include "client/via.h"

#define SERVER_INFO_SINCE_SIZE 128

/* A server, as its first message describes it. It starts zeroed: a plain server. */
struct server_info {
	bool known; /* the server describes itself */
	bool nonces; /* messages have our nonces */
	bool reply_to; /* messages have replyTo */
	bool via, hops; /* messages have via, hops */
	bool pages; /* a long history comes in several pages */
	bool past; /* every init is answered with a history */
	size_t max_message_bytes; /* of a message that it reads; 0: not known */
	int64_t history; /* the most messages that a new member gets; 0: none, or not known */
	uint64_t instance; /* hash of the name of the server process; 0: not known */
	char origin[VIA_NAME_SIZE]; /* the name of the channel in `via`; "": not known */
	char since[SERVER_INFO_SINCE_SIZE]; /* the position at the join; "": not known */
	char id[IDENTITY_NAME_SIZE]; /* our user id there; "": not known */
};

/* Reads `server` of a userData, a JSON object. A member of another shape is ignored. */
void chat_server_info_read(struct server_info *server, struct chat_span object);

#endif
