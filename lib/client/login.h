#ifndef CLIENT_LOGIN_H
#define CLIENT_LOGIN_H

#include <stdint.h>

#include "client/identity.h"
#include "wire/client_options.h"

/* The way to a server and the user to be there: the same for every connection and every channel. */
struct login {
	struct chat_client_options client;
	int64_t dead_after_ms; /* of silence; in the middle of it a ping is sent */
	struct identity identity;
	char *token; /* NULL: the server is shown no token */
};

#endif
